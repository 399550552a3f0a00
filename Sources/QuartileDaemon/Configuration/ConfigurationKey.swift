import Glibc
import Logging
import QuartileCore

/// One setting: its name in the file, what its value must be, and how it is read. The file, the environment and the
/// checks for unknown names all go by ``all``.
struct ConfigurationKey: Sendable {
    /// Section and name, as in `api.base_url`.
    let name: String
    /// What a value must be, to go on after "must be".
    let expected: String
    /// Reads a value into a configuration, or returns what is wrong with it where `expected` does not say it all.
    let read: @Sendable (String, inout Configuration) -> Verdict

    enum Verdict {
        case read
        /// As ``expected`` says.
        case wrong
        /// For this reason, a clause of its own.
        case refused(String)

        /// `read` if `value` is there and was stored, else `wrong`.
        init<Value>(_ value: Value?, store: (Value) -> Void) {
            guard let value else {
                self = .wrong
                return
            }
            store(value)
            self = .read
        }
    }

    /// The environment variable that sets it too.
    var environmentName: String { ConfigurationKey.environmentName(of: name) }

    static func environmentName(of name: String) -> String {
        "QUARTILED_" + String(name.map { $0 == "." ? "_" : $0 }).uppercased()
    }

    /// Every key that this version honours.
    static let all: [ConfigurationKey] = [
        ConfigurationKey(
            name: "api.base_url",
            expected: "an address such as https://api.quartile.com"
        ) { text, configuration in
            switch validateBaseURL(text) {
            case .success(let url): configuration.apiBaseURL = url
            case .failure(let error): return .refused(error.message)
            }
            return .read
        },
        ConfigurationKey(name: "api.version", expected: "v1, v2 or v3") { text, configuration in
            Verdict(APIVersion(rawValue: text)) { configuration.apiVersion = $0 }
        },
        ConfigurationKey(
            name: "api.timeout",
            expected: "a duration from 1s to 1h, such as 30s"
        ) { text, configuration in
            Verdict(duration(text, in: .seconds(1)...(.hours(1)))) { configuration.apiTimeout = $0 }
        },
        ConfigurationKey(
            name: "api.ca_file",
            expected: "the absolute path of a PEM file that can be read"
        ) { text, configuration in
            guard text.hasPrefix("/") else { return .wrong }
            guard access(text, R_OK) == 0 else { return .refused("\(Errno.last)") }
            configuration.apiCAFile = text
            return .read
        },
        ConfigurationKey(
            name: "api.proxy",
            expected: "http://HOST:PORT, with no user name or password"
        ) { text, configuration in
            Verdict(ProxyAddress(text)) { configuration.apiProxy = $0 }
        },
        ConfigurationKey(
            name: "refresh.margin",
            expected: "a duration from 1s to 365d, such as 1h"
        ) { text, configuration in
            Verdict(duration(text, in: .seconds(1)...(.hours(365 * 24)))) { configuration.refreshMargin = $0 }
        },
        ConfigurationKey(
            name: "login.budget",
            expected: "a whole number from 1 to 1000000"
        ) { text, configuration in
            Verdict(Int(text).flatMap { (1...1_000_000).contains($0) ? $0 : nil }) { configuration.loginBudget = $0 }
        },
        ConfigurationKey(
            name: "key.source",
            expected: "one of " + KeySourceKind.allCases.map(\.setting).joined(separator: ", ")
        ) { text, configuration in
            Verdict(KeySourceKind.allCases.first { $0.setting == text }) { configuration.keySource = $0 }
        },
        ConfigurationKey(
            name: "key.command",
            expected: "a line of sh that prints the key, such as `pass show quartiled`"
        ) { text, configuration in
            let isLine = text.contains { !$0.isWhitespace } && !text.contains("\0")
            return Verdict(isLine ? text : nil) { configuration.keyCommand = $0 }
        },
        ConfigurationKey(
            name: "log.level",
            expected: "one of " + Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        ) { text, configuration in
            Verdict(Logger.Level(rawValue: text)) { configuration.logLevel = $0 }
        },
    ]

    private static func duration(_ text: String, in range: ClosedRange<Milliseconds>) -> Milliseconds? {
        DurationText.parse(text).flatMap { range.contains($0) ? $0 : nil }
    }
}

extension ProxyAddress {
    /// Reads `http://host:port`, with or without a slash at the end.
    init?(_ text: String) {
        guard text.lowercased().hasPrefix("http://") else { return nil }
        // As an https address it goes by all the rules for hosts, and is not held to loopback. Why it breaks one is
        // not told: what is right is short enough to say whole.
        let rest = text.dropFirst("http://".count)
        guard let url = try? BaseURL("https://" + rest), hasPort(rest) else { return nil }
        self.init(host: url.host, port: url.port)
    }
}

/// Whether something stands after the host: there is no port that all proxies share.
private func hasPort(_ authority: Substring) -> Bool {
    let trimmed = authority.hasSuffix("/") ? authority.dropLast() : authority
    return trimmed.last?.isNumber == true && trimmed.contains(":") && !trimmed.hasSuffix("]")
}
