/// The result of `validate`.
public struct ValidateResult: Sendable, Hashable {
    /// Whether the API takes the access token.
    public var valid: Bool
    /// When it was asked, in seconds since 1970.
    public var checkedAt: Int64

    /// Makes a result.
    public init(valid: Bool, checkedAt: Int64) {
        self.valid = valid
        self.checkedAt = checkedAt
    }

    /// The result as JSON.
    public var json: JSON {
        ["valid": .bool(valid), "checked_at": .time(checkedAt)]
    }

    /// Reads a result.
    public init(json: JSON) throws(ProtocolViolation) {
        let reader = try ResultReader(json, of: "a validation")
        self.init(valid: try reader.bool("valid"), checkedAt: try reader.time("checked_at"))
    }
}
