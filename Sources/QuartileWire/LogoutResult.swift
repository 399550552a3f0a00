/// The result of `logout`: nothing of the account is left.
public struct LogoutResult: Sendable, Hashable {
    /// Always true.
    public var removed: Bool

    /// Makes a result.
    public init(removed: Bool = true) {
        self.removed = removed
    }

    /// The result as JSON.
    public var json: JSON {
        ["removed": .bool(removed)]
    }

    /// Reads a result.
    public init(json: JSON) throws(ProtocolViolation) {
        removed = try ResultReader(json, of: "a logout").bool("removed")
    }
}
