internal import QuartileWire

/// The ways in which `get-token` writes a token.
enum TokenFormat: String, CaseIterable {
    /// The access token alone.
    case raw
    /// The token object of the protocol, as the daemon gave it.
    case json
    /// The two header lines of a request.
    case header
    /// Two assignments for `sh`.
    case env

    /// The token in this format, a line feed at its end.
    func text(_ json: JSON) throws(ProtocolViolation) -> String {
        let token = try WireToken(json: json)
        switch self {
        case .raw:
            return "\(token.accessToken)\n"
        case .json:
            return "\(json.text)\n"
        case .header:
            return
                "Authorization: Bearer \(token.accessToken)\n\(token.subscriptionKeyHeader): \(token.subscriptionKey)\n"
        case .env:
            return "QUARTILE_ACCESS_TOKEN=\(Shell.singleQuoted(token.accessToken))\n"
                + "QUARTILE_SUBSCRIPTION_KEY=\(Shell.singleQuoted(token.subscriptionKey))\n"
        }
    }

    /// Writes the same for a plain token.
    /// - Returns: False if it did not: where the format takes more than to put pieces together.
    func write(_ token: PlainToken, to output: inout FixedBuffer) -> Bool {
        switch self {
        case .raw:
            output.append(token.accessToken)
        case .header:
            output.append("Authorization: Bearer ")
            output.append(token.accessToken)
            output.append("\n")
            output.append(token.subscriptionKeyHeader)
            output.append(": ")
            output.append(token.subscriptionKey)
        case .json, .env:
            return false
        }
        output.append("\n")
        return !output.isOverfull
    }

    /// How many bytes ``write(_:to:)`` takes at most.
    static func size(of token: PlainToken) -> Int {
        token.accessToken.count + token.subscriptionKeyHeader.count + token.subscriptionKey.count + 32
    }
}
