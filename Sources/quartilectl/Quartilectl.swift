internal import ArgumentParser
internal import QuartileWire

/// The root of the commands.
struct Quartilectl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quartilectl",
        abstract: "Hands out the access tokens that quartiled keeps fresh.",
        version: ProjectVersion.current,
        subcommands: [
            GetTokenCommand.self, LoginCommand.self, ImportCommand.self, UpdateCommand.self, ListCommand.self,
            StatusCommand.self, RefreshCommand.self, ValidateCommand.self, RejectCommand.self, LogoutCommand.self,
            KeyCommand.self, AuditCommand.self,
        ]
    )

    @OptionGroup var global: GlobalOptions

    mutating func run() throws {
        throw Failure.usage("a command is needed", remedy: "quartilectl --help")
    }
}

/// Options that may stand before or after the command.
struct GlobalOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The daemon's socket.", valueName: "path"))
    var socket: String?
}

/// An account that may be left out where exactly one exists.
struct AccountOption: ParsableArguments {
    @Option(help: ArgumentHelp("The account; may be left out where there is only one.", valueName: "name"))
    var account: String?
}

/// Which API an account speaks and where.
struct UpstreamOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The API's version: v1, v2 or v3. An account that is there keeps its own.",
            valueName: "version"
        )
    )
    var apiVersion: APIVersion?

    @Option(
        name: .customLong("base-url"),
        help: ArgumentHelp("Where the API is. An account that is there keeps its own.", valueName: "url")
    )
    var baseURL: String?
}

extension Seconds: ExpressibleByArgument {
    init?(argument: String) {
        self.init(argument)
    }
}

extension TokenFormat: ExpressibleByArgument {}

/// The API's versions as the command line has them.
enum APIVersion: String, CaseIterable, ExpressibleByArgument {
    case v1
    case v2
    case v3

    /// The same on the wire.
    var wire: WireAPIVersion {
        switch self {
        case .v1: .v1
        case .v2: .v2
        case .v3: .v3
        }
    }
}
