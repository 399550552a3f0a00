/// The program as a function of its arguments, which gives its exit code. On failure, standard error gets one line;
/// standard output has got nothing.
enum Program {
    /// Does what the arguments say, but for what ``ShortWay`` reads.
    static func run(_ arguments: [String]) -> Int32 {
        reportingFailure { () throws(Failure) in try LongWay.run(arguments) }
    }

    /// Gets a token. A program may do so for every request it makes, so that pays for nothing it does not need.
    static func run(_ options: GetToken.Options) -> Int32 {
        reportingFailure { () throws(Failure) in
            try GetToken.run(options)
            return 0
        }
    }

    /// Does something that gives an exit code or fails.
    static func reportingFailure(_ body: () throws(Failure) -> Int32) -> Int32 {
        do throws(Failure) {
            return try body()
        } catch {
            StandardError.write(error.line(Surroundings.process.text))
            return error.exitCode
        }
    }
}
