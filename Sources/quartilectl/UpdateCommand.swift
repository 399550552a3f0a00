internal import ArgumentParser
internal import QuartileClient
internal import QuartileWire

struct UpdateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Give an account a new subscription key or password.",
        discussion: "The account's tokens stay. Asks on the terminal if no file is given."
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var account: AccountOption

    @Option(help: ArgumentHelp("A file with the new subscription key.", valueName: "file"))
    var subscriptionKeyFile: String?

    @Option(
        help: ArgumentHelp(
            """
            What is new of {"username", "password", "subscription_key"} as JSON: a file, or standard input (-).
            """,
            valueName: "file"
        )
    )
    var credentials: String?

    mutating func run() throws {
        var new = try credentials.map { path throws(Failure) in try CredentialsFile.read(path) }
        if let subscriptionKeyFile {
            guard new?.subscriptionKey == nil else {
                throw Failure.usage("a subscription key is in both files", remedy: "quartilectl update --help")
            }
            new = new ?? CredentialsFile()
            new?.subscriptionKey = try SubscriptionKey.read(subscriptionKeyFile)
        }
        if let new, new == CredentialsFile() { throw Failure.usage("the credentials file holds nothing new") }
        var session = try Session(command: "update", socket: global.socket)
        let name = try session.account(account.account)
        if new == nil {
            let status = try session.call { client throws(ClientError) in
                try client.status(StatusParams(account: name))
            }
            new = try UpdateDialogue.ask(name, username: status.accounts.first?.username)
        }
        let params = UpdateAccountParams(
            account: name,
            subscriptionKey: new?.subscriptionKey,
            username: new?.username,
            password: new?.password
        )
        let result = try session.call { client throws(ClientError) in try client.updateAccount(params) }
        try AccountReport.writeLine(result)
    }
}
