import Glibc

/// Why a text is not a base URL. The message never repeats the text, which may hold a password.
package struct InvalidBaseURL: Error, Equatable {
    /// One clause that says what would be right.
    package var message: String
}

/// Where an API is: scheme, host and port, in one spelling only, since secrets are bound to it.
package struct BaseURL: Sendable, Hashable {
    /// The scheme, host and, unless it is the scheme's own, port. No slash at the end.
    package let text: String
    /// The host: a name in lower case, or an address without brackets.
    package let host: String
    /// The port.
    package let port: Int
    /// Whether the connection is encrypted.
    package let usesTLS: Bool
    /// Whether the host is this machine by its very name: 127.0.0.0/8, ::1 or `localhost`.
    package let isLoopback: Bool

    /// The host and port, as people write them.
    package var endpoint: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// Reads a base URL (RFC 3986, section 3) and gives it in its one spelling: lower case, no default port, no slash at
/// the end. A path, a query, a fragment or user information is refused, and so is `http:` unless the host is loopback.
package func validateBaseURL(_ text: String) -> Result<String, InvalidBaseURL> {
    Result { () throws(InvalidBaseURL) in try BaseURL(text).text }
}

extension BaseURL {
    /// Reads a base URL: see ``validateBaseURL(_:)``.
    package init(_ given: String) throws(InvalidBaseURL) {
        guard given.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw InvalidBaseURL(message: "a base URL holds no spaces, line breaks or letters outside ASCII")
        }
        let (usesTLS, rest) = try BaseURL.scheme(given.lowercased())
        var authority = rest
        if authority.hasSuffix("/") { authority.removeLast() }
        guard !authority.contains("@") else {
            throw InvalidBaseURL(message: "a base URL holds no user name or password")
        }
        guard !authority.contains(where: { "/?#\\".contains($0) }) else {
            throw InvalidBaseURL(message: "a base URL is scheme and host only, without a path or query")
        }
        let (host, port) = try BaseURL.hostAndPort(authority, defaultPort: usesTLS ? 443 : 80)
        self.host = host
        self.port = port
        self.usesTLS = usesTLS
        isLoopback = host == "localhost" || host == "::1" || (host.hasPrefix("127.") && BaseURL.isIPv4(host))
        guard usesTLS || isLoopback else {
            throw InvalidBaseURL(
                message: "http: would send secrets in the clear; use https:, or a loopback host to try things"
            )
        }
        let bracketed = host.contains(":") ? "[\(host)]" : host
        let suffix = port == (usesTLS ? 443 : 80) ? "" : ":\(port)"
        text = (usesTLS ? "https://" : "http://") + bracketed + suffix
    }

    private static func scheme(_ text: String) throws(InvalidBaseURL) -> (usesTLS: Bool, rest: Substring) {
        if text.hasPrefix("https://") { return (true, text.dropFirst(8)) }
        if text.hasPrefix("http://") { return (false, text.dropFirst(7)) }
        throw InvalidBaseURL(message: "a base URL begins with https://")
    }

    private static func hostAndPort(
        _ authority: Substring,
        defaultPort: Int
    ) throws(InvalidBaseURL) -> (host: String, port: Int) {
        let host: String
        let tail: Substring
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]"),
                let address = ipv6(authority[authority.index(after: authority.startIndex)..<end])
            else { throw InvalidBaseURL(message: "what stands in brackets is not an IPv6 address") }
            host = address
            tail = authority[authority.index(after: end)...]
        } else {
            let end = authority.firstIndex(of: ":") ?? authority.endIndex
            host = String(authority[..<end])
            tail = authority[end...]
            guard isName(host) else { throw InvalidBaseURL(message: "a base URL needs a host name after ://") }
        }
        guard !tail.isEmpty else { return (host, defaultPort) }
        let digits = tail.dropFirst()
        guard tail.first == ":", (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy(isDigit),
            let port = Int(digits), (1...65_535).contains(port)
        else { throw InvalidBaseURL(message: "the port of a base URL is a number from 1 to 65535") }
        return (host, port)
    }

    /// Whether `host` is a name as DNS has them or a dotted quad. A name that ends in a number is refused otherwise:
    /// inet_aton(3) reads `127.1` and `0x7f.1` as addresses, and what the check takes for a name must not be one.
    private static func isName(_ host: String) -> Bool {
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        guard host.utf8.count <= 253, let last = labels.last else { return false }
        let sound = labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                && label.utf8.allSatisfy { isDigit($0) || (0x61...0x7A).contains($0) || $0 == 0x2D || $0 == 0x5F }
        }
        let isNumeric = last.utf8.first.map(isDigit) ?? false
        return sound && (!isNumeric || isIPv4(host))
    }

    private static func isIPv4(_ host: String) -> Bool {
        var address = in_addr()
        return inet_pton(AF_INET, host, &address) == 1
    }

    /// The address in the spelling of RFC 5952.
    private static func ipv6(_ text: Substring) -> String? {
        var address = in6_addr()
        guard inet_pton(AF_INET6, String(text), &address) == 1 else { return nil }
        var name = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(AF_INET6, &address, &name, socklen_t(name.count)) != nil else { return nil }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
