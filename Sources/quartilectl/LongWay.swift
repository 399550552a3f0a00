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
        var message = hidingValues(of: arguments, in: oneLine(Quartilectl.message(for: error)))
        if message.hasPrefix("Error: ") { message.removeFirst("Error: ".count) }
        if let first = message.first { message.replaceSubrange(...message.startIndex, with: first.lowercased()) }
        let names = Quartilectl.configuration.subcommands.compactMap { command in command.configuration.commandName }
        let command = arguments.first(where: names.contains)
        let remedy = "quartilectl \(command.map { "\($0) " } ?? "")--help"
        return SecretArgument.refusal(arguments, hasCommand: command != nil, message, remedy: remedy)
            ?? .usage(message, remedy: remedy)
    }

    /// Without what the arguments hold, short words apart: somebody may have put a secret there, and what goes to standard
    /// error often ends in a log.
    private static func hidingValues(of arguments: [String], in message: String) -> String {
        let values = arguments.flatMap { argument -> [String] in
            guard argument.hasPrefix("-") else { return [argument] }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            return isOptionName(parts[0]) ? Array(parts.dropFirst()) : parts
        }
        // The longest first: it may hold another.
        return values.map(oneLine).filter { !$0.isEmpty && !isWord($0) }.sorted { $0.utf8.count > $1.utf8.count }
            .reduce(message) { $0.replacing("'\($1)'", with: "'...'") }
    }

    /// Whether it looks like the name of a command, or the like.
    private static func isWord(_ text: String) -> Bool {
        text.utf8.count < 12 && text.utf8.allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
    }

    /// Whether it looks like the name of an option; what people put right behind a short one (`-pSECRET`) does not.
    private static func isOptionName(_ text: String) -> Bool { text.wholeMatch(of: /-[a-z]|--[a-z-]{2,20}/) != nil }

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
