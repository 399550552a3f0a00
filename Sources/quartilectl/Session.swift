internal import QuartileClient
internal import QuartileWire

/// A command's conversation with the daemon: calls whose failures say what helps.
struct Session: ~Copyable {
    private var client: Client
    var context: CallContext

    /// Finds the socket. Nothing is connected yet.
    init(command: String, socket: String?) throws(Failure) {
        context = CallContext(command: command, givenSocket: socket, clock: .system)
        do throws(ClientError) {
            client = Client(try SocketPathRule.process.find(given: socket))
        } catch {
            throw context.failure(error)
        }
    }

    /// Calls; a failure is told in the words of the command.
    mutating func call<Value>(
        _ call: (inout Client) throws(ClientError) -> Value
    ) throws(Failure) -> Value {
        do throws(ClientError) {
            return try call(&client)
        } catch {
            throw context.failure(error)
        }
    }

    /// The account named, or the only one there is.
    mutating func account(_ name: String?) throws(Failure) -> String {
        if let name {
            try Self.check(name)
            context.account = name
            return name
        }
        let names = try call { client throws(ClientError) in try client.listAccounts() }.map(\.account)
        let only = try Self.only(names, context)
        context.account = only
        return only
    }

    /// The only one of the accounts; where there is another number of them, the failure lists them.
    static func only(_ names: [String], _ context: CallContext) throws(Failure) -> String {
        guard let first = names.min() else {
            throw .usage("there is no account yet", remedy: context.remedy("login", account: "NAME"))
        }
        guard names.count == 1 else {
            let remedy = context.remedy(context.command, account: first)
            throw .usage("--account must choose one of: \(names.sorted().joined(separator: ", "))", remedy: remedy)
        }
        return first
    }

    /// Throws unless the name keeps the rule for account names.
    static func check(_ name: String) throws(Failure) {
        guard AccountNameRule.isValid(name) else {
            throw .usage("an account's name is \(AccountNameRule.words), which the one given is not")
        }
    }
}
