/// The params of `refresh`, `validate` and `logout`: an account and nothing else.
public struct AccountParams: Sendable, Hashable {
    /// The account.
    public var account: String

    /// Makes params.
    public init(account: String) {
        self.account = account
    }

    /// Reads params of `method`. Throws `invalid_params`.
    public init(json: JSON?, of method: Method) throws(WireError) {
        account = try ParamsReader(json, of: method, known: ["account"]).account()
    }

    /// The params as JSON.
    public var json: JSON {
        ["account": .string(account)]
    }
}
