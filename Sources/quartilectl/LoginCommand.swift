internal import ArgumentParser
internal import QuartileClient
internal import QuartileWire

struct LoginCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login",
        abstract: "Log in, and make the account if it is not there.",
        discussion: """
            Asks on the terminal for username, password and subscription key. The password is kept, sealed, so that \
            quartiled can log in by itself when it has to. An account that is there keeps its subscription key.
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var account: AccountOption
    @OptionGroup var upstream: UpstreamOptions

    @Flag(help: "Do not keep the password: log in by hand when the refresh token is lost.")
    var noRemember = false

    @Option(
        help: ArgumentHelp(
            """
            Ask nothing: read {"username", "password", "subscription_key"} as JSON from a file, or from standard input (-).
            """,
            valueName: "file"
        )
    )
    var credentials: String?

    @Flag(help: "Make no call to the API if the account has all of this already and is well.")
    var ifChanged = false

    mutating func run() throws {
        if let name = account.account { try Session.check(name) }
        guard upstream.apiVersion != .v1 else {
            throw Failure.usage("v1 has no login, only tokens to import", remedy: "quartilectl import --help")
        }
        let credentials = try credentials.map { path throws(Failure) in try CredentialsFile.read(path).complete(path) }
        var session = try Session(command: "login", socket: global.socket)
        let accounts = try session.call { client throws(ClientError) in try client.listAccounts() }
        let target = try LoginTarget(account.account, among: accounts, session.context, upstream)
        session.context.account = target.account
        if target.existing == nil { session.context.again = again(target.account, session.context) }
        let login = try credentials ?? LoginDialogue.ask(target, remember: !noRemember)
        let params = LoginParams(
            account: target.account,
            username: login.username,
            password: login.password,
            subscriptionKey: login.subscriptionKey,
            apiVersion: target.apiVersion,
            baseURL: target.baseURL,
            remember: noRemember ? false : nil,
            ifChanged: ifChanged ? true : nil
        )
        let result = try session.call { client throws(ClientError) in try client.login(params) }
        try AccountReport.writeLine(result)
    }

    /// This command once more, for an account that it did not make.
    private func again(_ account: String, _ context: CallContext) -> String {
        let command = context.remedy(
            "login",
            account: account,
            options: [
                ("--base-url", upstream.baseURL), ("--api-version", upstream.apiVersion?.rawValue),
                // Standard input has been read, and is asked for on the terminal then.
                ("--credentials", self.credentials == "-" ? nil : self.credentials),
            ]
        )
        return noRemember ? command + " --no-remember" : command
    }
}
