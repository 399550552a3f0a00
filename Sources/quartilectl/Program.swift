/// The program as a function of its arguments.
enum Program {
    /// Does what the arguments say. On failure, standard error gets one line; standard output has got nothing.
    /// - Returns: The exit code.
    static func run(_ arguments: [String]) -> Int32 {
        do throws(Failure) {
            // A program may call get-token for every request it makes, so that does not pay for the argument parser.
            if let options = ShortWay.parse(arguments) {
                try GetToken.run(options)
                return 0
            }
            return try LongWay.run(arguments)
        } catch {
            StandardError.write(error.line(Surroundings.process.text))
            return error.exitCode
        }
    }
}
