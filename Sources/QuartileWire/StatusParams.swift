/// The params of `status`.
public struct StatusParams: Sendable, Hashable {
    /// The account to tell of; nil means all.
    public var account: String?

    /// Makes params.
    public init(account: String? = nil) {
        self.account = account
    }

    /// Reads params. Throws `invalid_params`.
    public init(json: JSON?) throws(WireError) {
        account = try ParamsReader(json, of: .status, known: ["account"]).optionalAccount()
    }

    /// The params as JSON.
    public var json: JSON {
        var object = JSON.Object()
        if let account { object.append("account", .string(account)) }
        return .object(object)
    }
}
