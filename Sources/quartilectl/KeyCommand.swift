internal import ArgumentParser
internal import QuartileClient
internal import QuartileWire

struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Tell of the key that seals the secrets, or replace it.",
        subcommands: [KeyStatusCommand.self, KeyRotateCommand.self]
    )

    @OptionGroup var global: GlobalOptions

    mutating func run() throws {
        throw Failure.usage("a command is needed", remedy: "quartilectl key --help")
    }
}

struct KeyStatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say where the key comes from and what that protects."
    )

    @OptionGroup var global: GlobalOptions

    @Flag(help: "Print JSON.")
    var json = false

    mutating func run() throws {
        try KeyReport.write(try KeyReport.call(.keyStatus, command: "key status", socket: global.socket), json: json)
    }
}

struct KeyRotateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Have another key seal the secrets from now on.",
        discussion: """
            A key file is replaced by a new one. A systemd credential or a key command must give the new key first. Where \
            key.source names another source than the one in use, the database is moved to it. Tokens and passwords stay \
            as they are, and no program notices.
            """
    )

    @OptionGroup var global: GlobalOptions

    @Flag(help: "Print JSON.")
    var json = false

    mutating func run() throws {
        try KeyReport.write(try KeyReport.call(.keyRotate, command: "key rotate", socket: global.socket), json: json)
    }
}

/// The key in words for people.
enum KeyReport {
    static func call(_ method: Method, command: String, socket: String?) throws(Failure) -> (JSON, KeyResult) {
        var session = try Session(command: command, socket: socket)
        return try session.call { client throws(ClientError) in
            try client.reading(method) { json throws(ProtocolViolation) in try KeyResult(json: json) }
        }
    }

    static func write(_ answer: (json: JSON, key: KeyResult), json: Bool) throws(Failure) {
        let text = text(answer.key, Surroundings.process.text)
        try StandardOutput.write(json ? "\(answer.json.text)\n" : text)
    }

    static func text(_ key: KeyResult, _ style: TextStyle) -> String {
        var text = ""
        for (label, value) in [("source", key.source), ("protects", key.protects), ("key id", key.keyID)] {
            text += style.field(label, value, column: column)
        }
        if let advice = key.advice { text += style.field("note", advice, column: column) }
        return text
    }

    private static let column = 12
}
