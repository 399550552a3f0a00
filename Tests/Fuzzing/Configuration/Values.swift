import FuzzSupport
import QuartileCore

@testable import QuartileDaemon

/// Checks that the settings keep the limits that their errors speak of.
func checkSettings(_ configuration: Configuration) {
    expect(validateBaseURL(configuration.apiBaseURL) == .success(configuration.apiBaseURL), "a URL in its one spelling")
    expect((.seconds(1)...(.hours(1))).contains(configuration.apiTimeout), "a timeout from 1s to 1h")
    expect((.seconds(1)...(.hours(24 * 365))).contains(configuration.refreshMargin), "a margin from 1s to 365d")
    expect((1...1_000_000).contains(configuration.loginBudget), "a budget from 1 to 1000000")
    expect(configuration.apiCAFile?.hasPrefix("/") ?? true, "the trust roots have an absolute path")
    if let proxy = configuration.apiProxy {
        expect((1...65_535).contains(proxy.port) && !proxy.host.isEmpty, "a proxy is a host and a port")
        expect(ProxyAddress("http://\(proxy.endpoint)") == proxy, "a proxy reads as it is written")
    }
}

/// Checks what is made of `text` as variables, one a line.
func checkEnvironment(_ text: String) {
    var environment: [String: String] = [:]
    for line in text.split(separator: "\n") {
        let parts = line.split(separator: "=", maxSplits: 1)
        if parts.count == 2 { environment[String(parts[0])] = String(parts[1]) }
    }
    var configuration = Configuration()
    do throws(ConfigurationError) {
        try configuration.apply(environment: environment)
    } catch {
        // A name that is not fit to be shown is changed, where it is not fit.
        let name = error.message.prefix { $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber) }
        expect(environment.keys.contains { $0.hasPrefix(name) }, "an error names the variable")
        check(error, about: "QUARTILED_")
    }
    checkSettings(configuration)
}

/// Checks what is made of `text` as a base URL.
func checkBaseURL(_ text: String) {
    switch validateBaseURL(text) {
    case .failure(let error): expect(error.message.isOneLine && error.message.utf8.count <= 120, "a problem is short")
    case .success(let spelling):
        let url = require("a URL in its one spelling reads") { () throws(InvalidBaseURL) in try BaseURL(spelling) }
        expect(url.text == spelling, "a URL has one spelling")
        expect(spelling.hasPrefix("https://") == url.usesTLS, "https is encrypted")
        expect(url.usesTLS || url.isLoopback, "only this machine is spoken to in the clear")
        expect(!spelling.hasSuffix("/") && spelling == spelling.lowercased(), "a URL has one spelling")
        expect(spelling.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "@") }, "a URL is plain")
    }
}

/// Checks what is made of `text` as a duration.
func checkDuration(_ text: String) {
    guard let span = DurationText.parse(text) else { return }
    expect(span >= 0 && span.count % 1000 == 0, "a duration is whole seconds")
    for same in ["\(span.count / 1000)", "\(span.count / 1000)s"] {
        expect(DurationText.parse(same) == span, "a duration is the same in seconds")
    }
}
