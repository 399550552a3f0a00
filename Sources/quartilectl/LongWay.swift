internal import ArgumentParser

/// Reads the command line with the argument parser and does what it says.
enum LongWay {
    static func run(_ arguments: [String]) throws(Failure) -> Int32 {
        do {
            var command = try Quartilectl.parseAsRoot(arguments)
            try command.run()
            return 0
        } catch let failure as Failure {
            throw failure
        } catch let code as ExitCode {
            return code.rawValue
        } catch {
            guard Quartilectl.exitCode(for: error).isSuccess else { throw usage(error, arguments) }
            // Help, the version and completion scripts come as errors too.
            try StandardOutput.write(Quartilectl.fullMessage(for: error) + "\n")
            return 0
        }
    }

    /// The parser's complaint in our form: one line, and the help that explains it.
    private static func usage(_ error: any Error, _ arguments: [String]) -> Failure {
        var message = Quartilectl.message(for: error).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        if message.hasPrefix("Error: ") { message.removeFirst("Error: ".count) }
        if let first = message.first { message.replaceSubrange(...message.startIndex, with: first.lowercased()) }
        let names = Quartilectl.configuration.subcommands.compactMap { command in command.configuration.commandName }
        let command = arguments.first(where: names.contains)
        let remedy = "quartilectl \(command.map { "\($0) " } ?? "")--help"
        return SecretArgument.refusal(arguments, hasCommand: command != nil, message, remedy: remedy)
            ?? .usage(message, remedy: remedy)
    }
}
