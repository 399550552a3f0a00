/// The params of `import_tokens`.
public struct ImportTokensParams: Sendable, Hashable, RedactedMessage {
    /// The account to make, or to give new tokens.
    public var account: String
    /// The token set as the upstream API gave it: an object, not looked at here.
    public var tokenSet: JSON
    /// The subscription key.
    public var subscriptionKey: String
    /// Which API; nil means the configured one.
    public var apiVersion: WireAPIVersion?
    /// Where; nil means the configured one. Not looked at here.
    public var baseURL: String?

    /// Makes params.
    public init(
        account: String,
        tokenSet: JSON,
        subscriptionKey: String,
        apiVersion: WireAPIVersion? = nil,
        baseURL: String? = nil
    ) {
        self.account = account
        self.tokenSet = tokenSet
        self.subscriptionKey = subscriptionKey
        self.apiVersion = apiVersion
        self.baseURL = baseURL
    }

    /// Reads params. Throws `invalid_params`.
    public init(json: JSON?) throws(WireError) {
        let known = ["account", "token_set", "subscription_key", "api_version", "base_url"]
        let reader = try ParamsReader(json, of: .importTokens, known: known)
        account = try reader.account()
        tokenSet = try reader.objectValue("token_set")
        subscriptionKey = try reader.subscriptionKey()
        apiVersion = try reader.optionalAPIVersion()
        baseURL = try reader.optionalString("base_url")
    }

    /// The params as JSON.
    public var json: JSON {
        var object = JSON.Object([
            .init("account", .string(account)),
            .init("token_set", tokenSet),
            .init("subscription_key", .string(subscriptionKey)),
        ])
        if let apiVersion { object.append("api_version", .string(apiVersion.rawValue)) }
        if let baseURL { object.append("base_url", .string(baseURL)) }
        return .object(object)
    }
}
