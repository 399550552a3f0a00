internal import ArgumentParser
internal import QuartileClient
internal import QuartileWire

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Say who asked for what, the newest first.",
        discussion: """
            For the owner of the daemon and root. Calls of the same kind within a few seconds may be one entry with \
            their number. Program and unit are what the caller's process was; a program can pose as another of its user.
            """
    )

    @OptionGroup var global: GlobalOptions

    @Option(help: ArgumentHelp("Only what was asked of this account.", valueName: "name"))
    var account: String?

    @Option(help: ArgumentHelp("How many entries at most.", valueName: "number"))
    var limit: Int64 = AuditParams.defaultLimit

    @Flag(help: "Print JSON.")
    var json = false

    mutating func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit must be 1 or more") }
    }

    mutating func run() throws {
        if let account { try Session.check(account) }
        var session = try Session(command: "audit", socket: global.socket)
        session.context.account = account
        let params = AuditParams(account: account, limit: limit).json
        let (result, audit) = try session.call { client throws(ClientError) in
            try client.reading(.audit, params: params) { json throws(ProtocolViolation) in try AuditResult(json: json) }
        }
        let report = AuditReport(clock: session.context.clock, style: Surroundings.process.text)
        try StandardOutput.write(json ? "\(result.text)\n" : report.text(audit))
    }
}
