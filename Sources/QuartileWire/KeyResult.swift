/// The result of `key_status` and of `key_rotate`: the key that seals the secrets.
public struct KeyResult: Sendable, Hashable {
    /// Where it comes from, such as `key file`.
    public var source: String
    /// What that protects, as a clause for people.
    public var protects: String
    /// Which key it is: 16 hex digits that give nothing of it away.
    public var keyID: String
    /// What the user should do about it: sentences. Nil where all is well.
    public var advice: String?

    /// Makes a result.
    public init(source: String, protects: String, keyID: String, advice: String? = nil) {
        self.source = source
        self.protects = protects
        self.keyID = keyID
        self.advice = advice
    }

    /// The result as JSON.
    public var json: JSON {
        [
            "source": .string(source), "protects": .string(protects), "key_id": .string(keyID),
            "advice": advice.map(JSON.string) ?? .null,
        ]
    }

    /// Reads a result.
    public init(json: JSON) throws(ProtocolViolation) {
        let reader = try ResultReader(json, of: "a key")
        self.init(
            source: try reader.string("source"),
            protects: try reader.string("protects"),
            keyID: try reader.string("key_id"),
            advice: try reader.optionalString("advice")
        )
    }
}
