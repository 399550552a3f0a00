internal import ArgumentParser
internal import QuartileClient
internal import QuartileWire

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the accounts.")

    @OptionGroup var global: GlobalOptions

    @Flag(help: "Print JSON.")
    var json = false

    mutating func run() throws {
        var session = try Session(command: "list", socket: global.socket)
        let (result, accounts) = try session.call { client throws(ClientError) in
            try client.reading(.listAccounts) { json throws(ProtocolViolation) in
                try ListAccountsResult(json: json).accounts
            }
        }
        let report = AccountReport(clock: session.context.clock, style: Surroundings.process.text)
        let empty = "There is no account yet. Run: \(session.context.remedy("login", account: "NAME"))\n"
        let text = accounts.isEmpty ? empty : report.table(accounts)
        try StandardOutput.write(json ? "\(result.text)\n" : text)
    }
}

extension Client {
    /// A call's result as it came, and what it says.
    mutating func reading<Value>(
        _ method: Method,
        params: JSON? = nil,
        _ read: (JSON) throws(ProtocolViolation) -> Value
    ) throws(ClientError) -> (JSON, Value) {
        let json = try call(method, params: params)
        do throws(ProtocolViolation) {
            return (json, try read(json))
        } catch {
            throw .violation(error)
        }
    }
}
