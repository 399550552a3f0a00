package import Logging
package import QuartileCore

/// The daemon's settings, each with its default. See ``ConfigurationKey/all`` for where they come from.
package struct Configuration: Sendable, Equatable {
    /// Host of the API for accounts that name none; in ``BaseURL``'s one spelling.
    package var apiBaseURL = "https://api.quartile.com"
    /// API version for accounts that name none.
    package var apiVersion = APIVersion.v2
    /// For one request upstream, everything included.
    package var apiTimeout = Milliseconds.seconds(30)
    /// A PEM file with extra trust roots; an absolute path. Whether it can be used shows when it is.
    package var apiCAFile: String?
    /// The proxy that tunnels to the API.
    package var apiProxy: ProxyAddress?
    /// How long before expiry a token is refreshed.
    package var refreshMargin = Milliseconds.hours(1)
    /// Logins an hour that the daemon may make by itself for one account.
    package var loginBudget = 12
    /// Where the key of a new database comes from, and where that of another is to be moved; nil leaves it to what is
    /// set up, and to what the database records.
    package var keySource: KeySourceKind?
    /// A line of sh that prints the key.
    package var keyCommand: String?
    /// Who besides the owner and root may have what.
    package var access = AccessSettings()
    /// The least severe level that is logged.
    package var logLevel = Logger.Level.info

    /// The defaults.
    package init() {}

    /// Reads the settings: the environment's win over the file's, and these over the defaults. Either all of it is
    /// sound or there is an error: nothing that somebody wrote is passed over.
    package static func load(
        file: ConfigurationFile,
        environment: [String: String]
    ) throws(ConfigurationError) -> Configuration {
        var configuration = Configuration()
        if let text = try file.read() {
            for setting in try ConfigurationDocument.settings(in: text, path: file.path) {
                try configuration.apply(setting)
            }
        }
        try configuration.apply(environment: environment)
        if configuration.keySource == .command, configuration.keyCommand == nil {
            throw ConfigurationError(
                "`key.source` is command, and there is no `key.command`: set it to what prints the key, such as "
                    + "`pass show quartiled`"
            )
        }
        return configuration
    }
}

/// Host and port of an HTTP proxy.
package struct ProxyAddress: Sendable, Hashable {
    /// A name, or an address without brackets.
    package var host: String
    /// From 1 to 65,535.
    package var port: Int

    /// An address as given.
    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }
}

/// What is wrong with the configuration, for people: one line that names the file or variable, the key, and what would
/// be right. It does not repeat values, since a value may be a secret in the wrong place.
package struct ConfigurationError: Error, Hashable, CustomStringConvertible {
    /// The line.
    package var message: String
    package var description: String { message }

    /// An error with this line.
    package init(_ message: String) {
        self.message = message
    }
}
