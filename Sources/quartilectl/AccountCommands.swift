internal import ArgumentParser
internal import QuartileClient
internal import QuartileWire

struct RefreshCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refresh",
        abstract: "Refresh an account's token now."
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var account: AccountOption

    mutating func run() throws {
        var session = try Session(command: "refresh", socket: global.socket)
        let params = AccountParams(account: try session.account(account.account))
        let result = try session.call { client throws(ClientError) in try client.refresh(params) }
        try AccountReport.writeLine(result)
    }
}

struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Ask the API whether it takes an account's token.",
        discussion: "The exit code is 0 if it does and 1 if it does not."
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var account: AccountOption

    mutating func run() throws {
        var session = try Session(command: "validate", socket: global.socket)
        let name = try session.account(account.account)
        let result = try session.call { client throws(ClientError) in try client.validate(AccountParams(account: name))
        }
        let asked = session.context.clock.relative(result.checkedAt)
        guard result.valid else {
            let remedy = session.context.remedy("refresh", account: name)
            throw Failure("the API does not take the token of \(name), asked \(asked)", remedy: remedy, exitCode: 1)
        }
        try StandardOutput.write("\(name): the API takes the token, asked \(asked)\n")
    }
}

struct LogoutCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout",
        abstract: "Remove an account and everything that is kept of it."
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var account: AccountOption

    mutating func run() throws {
        var session = try Session(command: "logout", socket: global.socket)
        let name = try session.account(account.account)
        try session.call { client throws(ClientError) in try client.logout(AccountParams(account: name)) }
        try StandardOutput.write("\(name): removed, nothing of it is kept\n")
    }
}
