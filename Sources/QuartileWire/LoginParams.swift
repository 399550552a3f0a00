/// The params of `login`.
public struct LoginParams: Sendable, Hashable, RedactedMessage {
    /// The account to make, or to log in again.
    public var account: String
    /// The name to log in with: an e-mail address.
    public var username: String
    /// The password.
    public var password: String
    /// The subscription key. Nil keeps the key of an account that is there already; where there is none, or where
    /// `base_url` is another than the account's own (a stored key is sent to no new host), it is missing.
    public var subscriptionKey: String?
    /// Which API; nil means the configured one. Never v1, which has no login.
    public var apiVersion: WireAPIVersion?
    /// Where; nil means the configured one. Not looked at here.
    public var baseURL: String?
    /// Whether the password is kept, sealed; nil means it is.
    public var remember: Bool?
    /// Whether to make no call upstream where the account has all of this already and is well; nil means false.
    public var ifChanged: Bool?

    /// Makes params.
    public init(
        account: String,
        username: String,
        password: String,
        subscriptionKey: String?,
        apiVersion: WireAPIVersion? = nil,
        baseURL: String? = nil,
        remember: Bool? = nil,
        ifChanged: Bool? = nil
    ) {
        self.account = account
        self.username = username
        self.password = password
        self.subscriptionKey = subscriptionKey
        self.apiVersion = apiVersion
        self.baseURL = baseURL
        self.remember = remember
        self.ifChanged = ifChanged
    }

    /// Reads params. Throws `invalid_params`.
    public init(json: JSON?) throws(WireError) {
        let known = [
            "account", "username", "password", "subscription_key", "api_version", "base_url", "remember", "if_changed",
        ]
        let reader = try ParamsReader(json, of: .login, known: known)
        account = try reader.account()
        username = try reader.string("username")
        password = try reader.string("password")
        subscriptionKey = try reader.optionalSubscriptionKey()
        apiVersion = try reader.optionalAPIVersion()
        guard apiVersion != .v1 else {
            throw WireError(parameter: "api_version", "must be v2 or v3: v1 has no login, only import_tokens")
        }
        baseURL = try reader.optionalString("base_url")
        remember = try reader.optionalBool("remember")
        ifChanged = try reader.optionalBool("if_changed")
    }

    /// The params as JSON.
    public var json: JSON {
        var object = JSON.Object([
            .init("account", .string(account)),
            .init("username", .string(username)),
            .init("password", .string(password)),
        ])
        if let subscriptionKey { object.append("subscription_key", .string(subscriptionKey)) }
        if let apiVersion { object.append("api_version", .string(apiVersion.rawValue)) }
        if let baseURL { object.append("base_url", .string(baseURL)) }
        if let remember { object.append("remember", .bool(remember)) }
        if let ifChanged { object.append("if_changed", .bool(ifChanged)) }
        return .object(object)
    }
}
