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
}
