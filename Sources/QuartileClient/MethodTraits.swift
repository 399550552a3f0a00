public import QuartileWire

extension Method {
    /// Whether a call may be made twice where it is not known if it was carried out.
    ///
    /// `refresh` may not: a second one would spend a second refresh token. Nor may `logout`: the second one would find
    /// no account and report the success of the first as a failure, as a second `key_rotate` would find no new key. `reject_token` may: a token that was replaced in
    /// answer to the first is not replaced again.
    public var isRepeatable: Bool {
        switch self {
        case .hello, .getToken, .listAccounts, .status, .validate, .rejectToken, .keyStatus, .audit: true
        case .login, .importTokens, .updateAccount, .refresh, .logout, .keyRotate: false
        }
    }

    /// How long a call may take, in seconds, where the caller does not say.
    ///
    /// What waits for the API gets 5 minutes: its time limit is the daemon's to configure, and it may stand behind
    /// another request for the same account. `get_token` ends by itself after its `max_wait`.
    public var timeLimit: Double {
        switch self {
        case .hello, .listAccounts, .status, .keyStatus, .audit: 30
        case .getToken: GetTokenParams.defaultMaxWait + Self.margin
        case .login, .importTokens, .updateAccount, .refresh, .validate, .rejectToken, .logout, .keyRotate: 300
        }
    }

    /// What a daemon that keeps its own time limit may be late by, in seconds.
    static let margin: Double = 10
}
