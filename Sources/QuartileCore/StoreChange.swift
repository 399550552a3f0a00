/// One change to what is durable. Each is written whole or not at all, and writing one twice is the same as once.
public enum StoreChange: Sendable {
    /// Before a request is sent (T1). Fails where the stored generation is another or an intent is open already,
    /// unless `replacingOwn`: then the open one is known to be this process's own and never sent.
    /// `refreshToken` is what the token will be known as if nothing comes after this.
    case openIntent(AccountName, Intent, refreshToken: RefreshTokenState, replacingOwn: Bool)
    /// A received set (T2): becomes the newest, closes the intent, makes the refresh token unspent, forgets what failed
    /// before.
    case saveTokens(AccountName, IssuedTokens, HistoryEntry)
    /// A flight that brought no set: closes the intent and keeps what was learned. `unread` is kept sealed until the
    /// next set is saved; `told`, until then, is what a user is told of; `stayAwayUntil` is how long the API asked this
    /// account or its subscription key to stay away, nil where it did not or that is over.
    case recordFailure(
        AccountName,
        RefreshTokenState,
        PasswordState,
        unread: Secret?,
        HistoryEntry,
        told: LastError,
        stayAwayUntil: UnixTime?
    )
    /// A login or import by the user: the account as it now is, with its first or next set. Forgets what failed before.
    case putAccount(Account, PasswordState, IssuedTokens, HistoryEntry)
    /// New credentials; tokens and generation stay. A wait that the API asked for is forgotten with the subscription key
    /// that it was asked of.
    case updateAccount(Account, PasswordState, HistoryEntry)
    /// Everything of the account goes.
    case removeAccount(AccountName)

    /// The account that is changed.
    public var account: AccountName {
        switch self {
        case .openIntent(let name, _, _, _), .saveTokens(let name, _, _), .recordFailure(let name, _, _, _, _, _, _),
            .removeAccount(let name):
            name
        case .putAccount(let account, _, _, _), .updateAccount(let account, _, _): account.name
        }
    }
}

/// One line of what happened to an account. Holds no secret.
public struct HistoryEntry: Sendable, Equatable {
    /// What was done.
    public enum Event: String, Sendable {
        case refresh
        case login
        case loginByUser = "login_by_user"
        case importByUser = "import_by_user"
        case updateByUser = "update_by_user"
    }

    /// What came of it.
    public enum Result: String, Sendable {
        /// A token set.
        case received
        /// A refusal of a refresh token that had been spent, or may have been, or of what a login gave.
        case refused
        /// A refusal of a refresh token that was never spent here: another program uses this login, or it was revoked.
        case refusedUnspent = "refused_unspent"
        /// The API was not reached.
        case notSent = "not_sent"
        /// The API turned the request away before it looked at it.
        case turnedAway = "turned_away"
        /// No sound answer.
        case ambiguous
        /// A success that could not be read.
        case unread
        /// The process ended before the answer.
        case interrupted
        /// Written here, with no call to the API.
        case stored
    }

    /// When.
    public var at: UnixTime
    /// What was done.
    public var event: Event
    /// What came of it.
    public var result: Result

    /// An entry as given.
    public init(at: UnixTime, event: Event, result: Result) {
        self.at = at
        self.event = event
        self.result = result
    }

    /// Whether this counts against the login budget: a login by the daemon that the API answered, or may have.
    public var countsAgainstLoginBudget: Bool {
        event == .login && [.received, .refused, .unread, .interrupted].contains(result)
    }

    /// Whether it was done by the daemon of its own accord.
    var isByDaemon: Bool { event == .refresh || event == .login }

    /// Whether this is one of the failures that are waited out longer the more of them follow each other.
    var prolongsBackoff: Bool { [.notSent, .turnedAway, .ambiguous, .unread].contains(result) }
}

/// What the store knows of an account when the daemon starts.
public struct StoredAccount: Sendable {
    /// The account.
    public var account: Account
    /// Its newest set.
    public var tokens: IssuedTokens
    /// What is known of the refresh token.
    public var refreshToken: RefreshTokenState
    /// What the stored password is good for.
    public var password: PasswordState
    /// An intent that nothing closed: the process ended before the answer was saved.
    public var openIntent: Intent?
    /// A success that could not be read, kept for a reader that can.
    public var unreadAnswer: Secret?
    /// What happened in the last two hours, oldest first.
    public var recent: [HistoryEntry]
    /// What failed last; nil once a set was received since.
    public var lastError: LastError?
    /// Until when the API asked this account or its subscription key to stay away.
    public var stayAwayUntil: UnixTime?

    /// An account as stored.
    public init(
        account: Account,
        tokens: IssuedTokens,
        refreshToken: RefreshTokenState = .unspent,
        password: PasswordState,
        openIntent: Intent? = nil,
        unreadAnswer: Secret? = nil,
        recent: [HistoryEntry] = [],
        lastError: LastError? = nil,
        stayAwayUntil: UnixTime? = nil
    ) {
        self.account = account
        self.tokens = tokens
        self.refreshToken = refreshToken
        self.password = password
        self.openIntent = openIntent
        self.unreadAnswer = unreadAnswer
        self.recent = recent
        self.lastError = lastError
        self.stayAwayUntil = stayAwayUntil
    }
}
