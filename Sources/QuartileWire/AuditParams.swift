/// The params of `audit`.
public struct AuditParams: Sendable, Hashable {
    /// How many entries there are at most where the caller does not say.
    public static let defaultLimit: Int64 = 100

    /// Only what was asked of this account; nil means all.
    public var account: String?
    /// The most entries wanted, 1 or more; nil means ``defaultLimit``.
    public var limit: Int64?

    /// Makes params.
    public init(account: String? = nil, limit: Int64? = nil) {
        self.account = account
        self.limit = limit
    }

    /// Reads params. Throws `invalid_params`.
    public init(json: JSON?) throws(WireError) {
        let reader = try ParamsReader(json, of: .audit, known: ["account", "limit"])
        account = try reader.optionalAccount()
        limit = try reader.optionalInteger("limit", from: 1)
    }

    /// The params as JSON.
    public var json: JSON {
        var object = JSON.Object()
        if let account { object.append("account", .string(account)) }
        if let limit { object.append("limit", .integer(limit)) }
        return .object(object)
    }
}
