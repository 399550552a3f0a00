/// The params of `get_token`.
public struct GetTokenParams: Sendable, Hashable {
    /// How long the daemon waits for a refresh where the caller does not say, in seconds.
    public static let defaultMaxWait: Double = 30
    /// The longest `max_wait`, in seconds: a caller who waits for an hour has been forgotten. More is taken as this.
    public static let longestMaxWait: Double = 3_600
    /// The longest `min_valid`, in seconds: 10 years, which no token lives. More is taken as this.
    public static let longestMinValid: Double = 315_360_000

    /// The account.
    public var account: String
    /// How much life the token must have left, in seconds; nil leaves it to the daemon.
    public var minValid: Double?
    /// How long to wait for a refresh at most, in seconds; nil means ``defaultMaxWait``.
    public var maxWait: Double?

    /// Makes params.
    public init(account: String, minValid: Double? = nil, maxWait: Double? = nil) {
        self.account = account
        self.minValid = minValid
        self.maxWait = maxWait
    }

    /// Reads params. Throws `invalid_params`.
    public init(json: JSON?) throws(WireError) {
        let reader = try ParamsReader(json, of: .getToken, known: ["account", "min_valid", "max_wait"])
        account = try reader.account()
        minValid = try reader.optionalSeconds("min_valid", limit: Self.longestMinValid)
        maxWait = try reader.optionalSeconds("max_wait", limit: Self.longestMaxWait)
    }

    /// The params as JSON. Infinite seconds, which JSON can't write, are left out.
    public var json: JSON {
        var object = JSON.Object([.init("account", .string(account))])
        if let seconds = minValid.flatMap(JSON.Number.init(_:)) { object.append("min_valid", .number(seconds)) }
        if let seconds = maxWait.flatMap(JSON.Number.init(_:)) { object.append("max_wait", .number(seconds)) }
        return .object(object)
    }

    /// The longest line that ``writeRequest(id:to:)`` writes, in bytes.
    package static let maximumPlainLength = 256

    /// Writes the line of a request with these params, as ``Request/line`` has it, with no JSON value made.
    /// - Returns: False if it did not: where the name breaks the rule for names, or seconds are not finite.
    package func writeRequest(id: UInt64, to output: inout FixedBuffer) -> Bool {
        let isFinite = (minValid ?? 0).isFinite && (maxWait ?? 0).isFinite
        guard isFinite, AccountNameRule.isValid(account) else { return false }
        output.append(#"{"jsonrpc":"2.0","id":"#)
        output.append(id)
        output.append(#","method":"get_token","params":{"account":""#)
        output.append(account)
        output.append("\"")
        if let minValid {
            output.append(#","min_valid":"#)
            output.append(minValid.description)
        }
        if let maxWait {
            output.append(#","max_wait":"#)
            output.append(maxWait.description)
        }
        output.append("}}\n")
        return !output.isOverfull
    }
}
