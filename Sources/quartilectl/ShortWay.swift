/// Reads the command line of `get-token` in its plain form, without the argument parser.
///
/// Whatever is not plain is left to the parser: help, unknown options, missing and malformed values, values that begin
/// with a dash. So every error of usage has one source, and what is taken here means the same there.
enum ShortWay {
    /// The options, or nil if the command line is for the argument parser.
    static func parse(_ arguments: some Sequence<String>) -> GetToken.Options? {
        var options = GetToken.Options()
        var isCommandSeen = false
        var rest = arguments.makeIterator()
        while let argument = rest.next() {
            if argument == GetToken.command, !isCommandSeen {
                isCommandSeen = true
                continue
            }
            guard let (name, value) = option(argument, &rest), isCommandSeen || name == "--socket" else { return nil }
            switch name {
            case "--socket": options.socket = value
            case "--account": options.account = value
            case "--min-valid":
                guard let seconds = Seconds(value) else { return nil }
                options.minValid = seconds
            case "--max-wait":
                guard let seconds = Seconds(value) else { return nil }
                options.maxWait = seconds
            // By itself, since looking through all of them takes an array.
            case "--format" where value == TokenFormat.header.rawValue: options.format = .header
            case "--format":
                guard let format = TokenFormat(rawValue: value) else { return nil }
                options.format = format
            default: return nil
            }
        }
        return isCommandSeen ? options : nil
    }

    /// `--name value` or `--name=value`.
    private static func option(
        _ argument: String,
        _ rest: inout some IteratorProtocol<String>
    ) -> (name: String, value: String)? {
        guard argument.utf8.starts(with: "--".utf8) else { return nil }
        if let equals = argument.utf8.firstIndex(of: UInt8(ascii: "=")) {
            let value = argument[argument.index(after: equals)...]
            return value.isEmpty ? nil : (String(argument[..<equals]), String(value))
        }
        guard let value = rest.next(), value.utf8.first != UInt8(ascii: "-"), !value.isEmpty else { return nil }
        return (argument, value)
    }
}
