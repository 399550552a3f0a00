internal import ArgumentParser

struct GetTokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: GetToken.command,
        abstract: "Print an access token that is good for a while.",
        discussion: "Waits for a refresh only where the token at hand does not live long enough."
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var account: AccountOption

    @Option(help: ArgumentHelp("How long the token must be good for, such as 60s or 15m.", valueName: "time"))
    var minValid: Seconds?

    @Option(help: ArgumentHelp("How long to wait for a refresh at most. (default: 30s)", valueName: "time"))
    var maxWait: Seconds?

    @Option(help: "How to print it.")
    var format = TokenFormat.raw

    var options: GetToken.Options {
        GetToken.Options(
            socket: global.socket,
            account: account.account,
            minValid: minValid,
            maxWait: maxWait,
            format: format
        )
    }

    mutating func run() throws {
        try GetToken.run(options)
    }
}
