/// An account as everybody who may see it does: the result of `login`, `refresh` and others. Holds no secret.
public struct WireAccount: Sendable, Hashable {
    /// How an account is.
    public enum State: String, Sendable, CaseIterable {
        /// Its token is good and its refreshes work.
        case active
        /// Its refreshes fail; the token is still good.
        case degraded
        /// Its refreshes fail, and the token is gone.
        case expired
        /// A person has to log in. Wins over the others; a token with life left is still served.
        case loginRequired = "login_required"
    }

    /// Its name.
    public var account: String
    /// Which API it speaks.
    public var apiVersion: WireAPIVersion
    /// Where.
    public var baseURL: String
    /// The name it logs in with; nil for one that was imported.
    public var username: String?
    /// How it is.
    public var state: State
    /// How many token sets it has had.
    public var generation: Int64
    /// When the access token ends, in seconds since 1970.
    public var accessExpiresAt: Int64?
    /// When the refresh token ends, in seconds since 1970.
    public var refreshExpiresAt: Int64?
    /// When the next refresh is due, in seconds since 1970.
    public var nextRefreshAt: Int64?
    /// Whether its password is kept.
    public var passwordStored: Bool
    /// How long, at most, the machine may stay off before a person has to log in again; nil means no limit.
    public var offlineOKUntil: Int64?
    /// What went wrong last, while it is not right again.
    public var lastError: WireLastError?

    /// Makes an account.
    public init(
        account: String,
        apiVersion: WireAPIVersion,
        baseURL: String,
        username: String?,
        state: State,
        generation: Int64,
        accessExpiresAt: Int64?,
        refreshExpiresAt: Int64?,
        nextRefreshAt: Int64?,
        passwordStored: Bool,
        offlineOKUntil: Int64?,
        lastError: WireLastError?
    ) {
        self.account = account
        self.apiVersion = apiVersion
        self.baseURL = baseURL
        self.username = username
        self.state = state
        self.generation = generation
        self.accessExpiresAt = accessExpiresAt
        self.refreshExpiresAt = refreshExpiresAt
        self.nextRefreshAt = nextRefreshAt
        self.passwordStored = passwordStored
        self.offlineOKUntil = offlineOKUntil
        self.lastError = lastError
    }

    /// The account as JSON; what is absent is `null`.
    public var json: JSON {
        [
            "account": .string(account),
            "api_version": .string(apiVersion.rawValue),
            "base_url": .string(baseURL),
            "username": username.map(JSON.string) ?? .null,
            "state": .string(state.rawValue),
            "generation": .integer(generation),
            "access_expires_at": .time(accessExpiresAt),
            "refresh_expires_at": .time(refreshExpiresAt),
            "next_refresh_at": .time(nextRefreshAt),
            "password_stored": .bool(passwordStored),
            "offline_ok_until": .time(offlineOKUntil),
            "last_error": lastError?.json ?? .null,
        ]
    }

    /// Reads an account.
    public init(json: JSON) throws(ProtocolViolation) {
        let reader = try ResultReader(json, of: "an account")
        self.init(
            account: try reader.string("account"),
            apiVersion: try reader.word("api_version"),
            baseURL: try reader.string("base_url"),
            username: try reader.optionalString("username"),
            state: try reader.word("state"),
            generation: try reader.integer("generation"),
            accessExpiresAt: try reader.optionalTime("access_expires_at"),
            refreshExpiresAt: try reader.optionalTime("refresh_expires_at"),
            nextRefreshAt: try reader.optionalTime("next_refresh_at"),
            passwordStored: try reader.bool("password_stored"),
            offlineOKUntil: try reader.optionalTime("offline_ok_until"),
            lastError: nil
        )
        if let error = reader.optionalValue("last_error") { lastError = try WireLastError(json: error) }
    }
}
