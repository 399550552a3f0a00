/// `last_error` of an account: what went wrong last, while it is not right again.
public struct WireLastError: Sendable, Hashable {
    /// The error's name, as `data.code` has it.
    public var code: String
    /// One sentence for people. Never holds a secret.
    public var message: String
    /// When it happened, in seconds since 1970.
    public var at: Int64
    /// When the next try comes, in seconds since 1970; nil if none is planned.
    public var retryAt: Int64?

    /// Makes an error.
    public init(code: String, message: String, at: Int64, retryAt: Int64?) {
        self.code = code
        self.message = message
        self.at = at
        self.retryAt = retryAt
    }

    /// The error as JSON.
    public var json: JSON {
        ["code": .string(code), "message": .string(message), "at": .time(at), "retry_at": .time(retryAt)]
    }

    /// Reads an error.
    public init(json: JSON) throws(ProtocolViolation) {
        let reader = try ResultReader(json, of: "last_error")
        self.init(
            code: try reader.string("code"),
            message: try reader.string("message"),
            at: try reader.time("at"),
            retryAt: try reader.optionalTime("retry_at")
        )
    }
}
