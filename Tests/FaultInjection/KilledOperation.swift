import EndToEndHarness

/// What the daemon is killed in the middle of.
enum KilledOperation: String, Sendable, CaseIterable {
    /// `ada`'s tokens are refreshed.
    case refresh
    /// `ada` logs in once more.
    case relogin
    /// `guest` logs in for the first time.
    case login
    /// `guest` logs out.
    case logout
    /// The key that seals the secrets of both is replaced by another.
    case rotate

    /// The account that it is about, or one of them.
    var account: String {
        switch self {
        case .refresh, .relogin, .rotate: "ada"
        case .login, .logout: "guest"
        }
    }

    /// The request, as a line.
    func request(to sandbox: Sandbox, remember: Bool) -> String {
        let (method, params): (String, JSON) =
            switch self {
            case .refresh: ("refresh", ["account": .string(account)])
            case .logout: ("logout", ["account": .string(account)])
            case .rotate: ("key_rotate", [:])
            case .relogin, .login: ("login", .login(account, to: sandbox, remember: remember))
            }
        return JSON.object(["jsonrpc": "2.0", "id": "op", "method": .string(method), "params": params]).text
    }
}

extension JSON {
    /// The parameters of a `login` with the sandbox's credentials.
    static func login(_ account: String, to sandbox: Sandbox, remember: Bool) -> JSON {
        [
            "account": .string(account), "username": .string(sandbox.username), "password": .string(sandbox.password),
            "subscription_key": .string(sandbox.subscriptionKey), "base_url": .string(sandbox.url),
            "remember": .bool(remember),
        ]
    }
}
