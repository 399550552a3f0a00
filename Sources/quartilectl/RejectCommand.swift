internal import ArgumentParser
internal import QuartileClient
internal import QuartileWire

struct RejectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reject",
        abstract: "Say that an API refused a token, so that it is replaced.",
        discussion: """
            Without --generation, the refused token is read from standard input. A token that was replaced meanwhile causes \
            no refresh, nor does one less than 30 s after the last refresh.
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var account: AccountOption
    @Option(help: ArgumentHelp("The generation of the refused token.", valueName: "number"))
    var generation: Int64?

    mutating func run() throws {
        if let generation, generation < 1 { throw Failure.usage("--generation must be 1 or more") }
        var session = try Session(command: "reject", socket: global.socket)
        let name = try session.account(account.account)
        let rejected: RejectTokenParams.Rejected =
            if let generation { .generation(generation) } else { .accessToken(try Self.readToken()) }
        let result = try session.call { client throws(ClientError) in
            try client.rejectToken(RejectTokenParams(account: name, rejected: rejected))
        }
        try StandardOutput.write("\(name): \(Self.words(result))\n")
    }

    /// The one word on standard input.
    private static func readToken() throws(Failure) -> String {
        var bytes = try InputFile.read("-", "refused token")
        defer { bytes.wipe() }
        let text = String(decoding: bytes, as: UTF8.self)
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 1, let token = words.first else {
            throw .usage("the refused token \(InputFile.name("-")) must be there alone (or give --generation)")
        }
        return String(token)
    }

    static func words(_ result: RejectTokenResult) -> String {
        switch result.outcome {
        case .refreshed: "refreshed, the token is now of generation \(result.generation)"
        case .alreadyReplaced: "already replaced, the token is of generation \(result.generation)"
        case .tooSoon: "not refreshed, the last refresh was less than 30 s ago (generation \(result.generation))"
        }
    }
}
