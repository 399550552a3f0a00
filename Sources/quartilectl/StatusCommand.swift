internal import ArgumentParser
internal import QuartileClient
internal import QuartileWire

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say how the daemon and its accounts are.",
        discussion: """
            With --check nothing is printed, and the exit code is 0 if all is well, 1 if something is degraded or \
            expired, 2 if a person has to log in.
            """
    )

    @OptionGroup var global: GlobalOptions

    @Option(help: ArgumentHelp("Only this account.", valueName: "name"))
    var account: String?

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Print nothing; the exit code tells.")
    var check = false

    mutating func run() throws {
        if let account { try Session.check(account) }
        var session = try Session(command: "status", socket: global.socket)
        session.context.account = account
        let params = StatusParams(account: account).json
        let (result, status) = try session.call { client throws(ClientError) in
            try client.reading(.status, params: params) { json throws(ProtocolViolation) in try WireStatus(json: json) }
        }
        if check { throw ExitCode(Self.checkCode(status)) }
        let report = AccountReport(clock: session.context.clock, style: Surroundings.process.text)
        try StandardOutput.write(json ? "\(result.text)\n" : report.status(status, remedy: session.context.remedy))
    }

    /// 0 if all is well, 1 if something is not, 2 if a person has to log in.
    static func checkCode(_ status: WireStatus) -> Int32 {
        let ofDaemon: Int32 =
            switch status.state {
            case .ready, .stopping: 0
            case .storageFailed: 1
            }
        return status.accounts.reduce(ofDaemon) { code, account in
            switch account.state {
            case .active: code
            case .degraded, .expired: max(code, 1)
            case .loginRequired: 2
            }
        }
    }
}
