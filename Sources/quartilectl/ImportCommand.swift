internal import ArgumentParser
internal import QuartileClient
internal import QuartileWire

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take over a token set from elsewhere.",
        discussion: """
            The set is the JSON that the developer portal shows, or that a program has kept. Whatever else refreshes \
            these tokens must stop: each refresh makes the one before worthless.
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var account: AccountOption
    @OptionGroup var upstream: UpstreamOptions

    @Option(help: ArgumentHelp("The token set as JSON: a file, or standard input (-).", valueName: "file"))
    var tokens: String

    @Option(help: ArgumentHelp("A file with the subscription key.", valueName: "file"))
    var subscriptionKeyFile: String

    mutating func run() throws {
        if let name = account.account { try Session.check(name) }
        let tokenSet = try TokenSetFile.read(tokens)
        let key = try SubscriptionKey.read(subscriptionKeyFile)
        var session = try Session(command: "import", socket: global.socket)
        let accounts = try session.call { client throws(ClientError) in try client.listAccounts() }
        let target = try LoginTarget(account.account, among: accounts, session.context, upstream, keepsV1: true)
        session.context.account = target.account
        let params = ImportTokensParams(
            account: target.account,
            tokenSet: tokenSet,
            subscriptionKey: key,
            apiVersion: target.apiVersion,
            baseURL: target.baseURL
        )
        let result = try session.call { client throws(ClientError) in try client.importTokens(params) }
        try AccountReport.writeLine(result)
    }
}

/// A file with a token set. Its content is in no error.
enum TokenSetFile {
    /// Reads a JSON object from a file, or from standard input for `-`.
    static func read(_ path: String) throws(Failure) -> JSON {
        var bytes = try InputFile.read(path, "token set")
        defer { bytes.wipe() }
        let json: JSON
        do throws(JSONError) {
            json = try JSON.parse(bytes)
        } catch {
            throw .usage("the token set \(InputFile.name(path)) is not JSON (\(error))")
        }
        guard json.object != nil else {
            throw .usage("the token set \(InputFile.name(path)) must be a JSON object, and is a JSON \(json.kind)")
        }
        return json
    }
}
