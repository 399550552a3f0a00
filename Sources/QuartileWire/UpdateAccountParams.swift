/// The params of `update_account`: what is nil stays as it is, and something must change.
///
/// A password may come without a username (it was changed), and a username without a password (the address was).
public struct UpdateAccountParams: Sendable, Hashable, RedactedMessage {
    /// The account.
    public var account: String
    /// The new subscription key.
    public var subscriptionKey: String?
    /// The new name to log in with.
    public var username: String?
    /// The new password.
    public var password: String?

    /// Makes params.
    public init(
        account: String,
        subscriptionKey: String? = nil,
        username: String? = nil,
        password: String? = nil
    ) {
        self.account = account
        self.subscriptionKey = subscriptionKey
        self.username = username
        self.password = password
    }

    /// Reads params. Throws `invalid_params`.
    public init(json: JSON?) throws(WireError) {
        let known = ["account", "subscription_key", "username", "password"]
        let reader = try ParamsReader(json, of: .updateAccount, known: known)
        account = try reader.account()
        subscriptionKey = try reader.optionalSubscriptionKey()
        username = try reader.optionalString("username")
        password = try reader.optionalString("password")
        guard subscriptionKey != nil || username != nil || password != nil else {
            throw WireError(
                .invalidParams,
                "update_account needs something new: `subscription_key`, or `username` and `password`"
            )
        }
    }

    /// The params as JSON.
    public var json: JSON {
        var object = JSON.Object([.init("account", .string(account))])
        if let subscriptionKey { object.append("subscription_key", .string(subscriptionKey)) }
        if let username { object.append("username", .string(username)) }
        if let password { object.append("password", .string(password)) }
        return .object(object)
    }
}
