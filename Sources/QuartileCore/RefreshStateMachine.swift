/// Keeps the tokens of one account fresh. Pure: an event comes in, one action goes out, and the shell does it.
///
/// ```
///                       due, or wanted              T1 committed                 answered: a set
///   resting ──────────────────────────▶ committing ─────────────▶ exchanging ───────────────────▶ committing
///      ▲                                 (intent)                     │                             (save)
///      │   T2 committed: publish                                      │ answered: no set              │
///      ├────────────────────────────────────────────────────────────  │ ──────────────────────────────┤ failed
///      │                                                              ▼                               ▼
///   backingOff ◀──────── recorded ───────────────────────────── committing ──────── failed ────▶ uncommitted
///   loginRequired ◀──── (no way on without a person)             (record)                        (tried again)
/// ```
///
/// What holds throughout:
///
/// - Nothing is sent without an intent that was committed before it.
/// - A refresh token is never sent once it is known to be refused, or to be spent and presented again since.
/// - A received set is committed before it is published. Where that fails it is kept and served from memory, committed
///   later, and the old refresh token stays untouched.
/// - No failure takes a token away.
public struct RefreshStateMachine: Sendable {
    /// The account.
    public let name: AccountName
    /// The newest token set.
    public internal(set) var tokens: IssuedTokens
    /// What is known of its refresh token.
    public internal(set) var refreshToken: RefreshTokenState
    /// What the stored password is good for.
    public internal(set) var password: PasswordState
    /// What failed last; nil once a set was received since.
    public internal(set) var lastError: LastError?

    var phase: Phase = .resting
    let policy: RefreshPolicy
    var budget: LoginBudget
    let incarnation: UInt64
    var flights: UInt64 = 0
    /// Failures in a row.
    var failures = 0
    /// How long the failure that is being recorded is waited out.
    var pause = Pause(since: BootTime(milliseconds: 0), until: BootTime(milliseconds: 0), unsent: false)
    /// From 0 up to 1, drawn for each set: where in the jitter's span it is due.
    var jitter: Double
    /// What was known of the refresh token before the flight under way presented it.
    var beforeFlight: RefreshTokenState
    /// Until when the API asked us to stay away: this account, or another of its subscription key.
    var retryAfter: BootTime?
    /// When a refresh last brought a set, or a login of our own that stood in for one. A login or an import by the user is
    /// none.
    var refreshedAt: BootTime?
    /// The access token had run out when the daemon started, so the store may be a restored backup.
    var longAbsent = false
    /// The newest refresh token was refused though it was never spent: somebody else may use this login.
    var refusedUnspent = false
    /// The daemon is ending: what is under way ends, and nothing begins.
    var isEnding = false
    /// The user asked for a refresh while a failure was being recorded, so that is not waited out.
    var isForced = false
    /// An intent of our own stands in the store though its request was never sent, since its commit failed half way.
    var ownIntentStands = false

    /// What the shell is to do. It tells the machine how it went with the flight that came along.
    public enum Action: Sendable {
        /// Nothing, until the next event.
        case none
        /// Make this durable, then call `committed`.
        case commit(StoreChange, Flight)
        /// Send the request, then call `answered`.
        case send(Flight)
    }

    // Indirect: an account rests nearly always, and takes no memory for all that a flight knows.
    indirect enum Phase: Sendable {
        /// The newest set is good. Leaves when it is due or wanted.
        case resting
        /// A change is being made durable. Leaves when that is done or has failed.
        case committing(Flight, Pending)
        /// The request is under way. Leaves with its answer.
        case exchanging(Flight)
        /// What an answer brought could not be made durable. Leaves when that is tried again.
        case uncommitted(Flight, Pending, until: BootTime)
        /// A failure is waited out. Leaves when the time is up, or earlier when somebody may ask for that.
        case backingOff(Pause)
        /// The user's own login or import is under way. Leaves when that ends, to what it was before or to rest.
        case held(Resumption)
        /// Nothing helps but a person. Leaves with new credentials, a login or an import.
        case loginRequired
    }

    enum Pending: Sendable {
        case intent(Intent)
        case save(IssuedTokens)
        case record(HistoryEntry, unread: Secret?, told: LastError, stayAwayUntil: UnixTime?)
    }

    struct Pause: Sendable {
        var since: BootTime
        var until: BootTime
        /// The request never left, or the store failed before it could: a waiting caller may have it tried sooner.
        var unsent: Bool
    }

    enum Resumption: Sendable {
        case resting
        case backingOff(Pause)
        case loginRequired
    }
}

// MARK: - Beginning

extension RefreshStateMachine {
    /// The machine of an account that was read from the store. Where an intent stood open, the first action closes it.
    public static func restore(
        _ stored: StoredAccount,
        policy: RefreshPolicy,
        loginsPerHour: Int,
        incarnation: UInt64,
        now: Moment,
        using random: inout some RandomNumberGenerator
    ) -> (RefreshStateMachine, Action) {
        var machine = RefreshStateMachine(
            name: stored.account.name,
            tokens: stored.tokens,
            refreshToken: stored.refreshToken,
            password: stored.password,
            policy: policy,
            budget: LoginBudget(perHour: loginsPerHour, recent: stored.recent),
            incarnation: incarnation,
            jitter: .random(in: 0..<1, using: &random)
        )
        machine.failures = stored.recent.reversed().prefix(while: \.prolongsBackoff).count
        machine.lastError = stored.lastError
        machine.retryAfter = stored.stayAwayUntil.flatMap { until in
            // A clock that was set back must not make an hour of a minute, nor a year.
            let left = min(until - now.wall, RefreshStateMachine.longestStayAway)
            return left > 0 ? now.boot + left : nil
        }
        machine.refreshedAt = stored.recent.last { $0.isByDaemon && $0.result == .received }.map { entry in
            min(now.boot, now.boot + (entry.at - now.wall))
        }
        machine.longAbsent = stored.tokens.remaining(at: now) <= 0
        machine.refusedUnspent =
            stored.refreshToken == .refused
            && stored.recent.last { $0.event == .refresh }?.result == .refusedUnspent
        guard let intent = stored.openIntent else {
            if machine.nextOperation == nil {
                machine.requireLogin(at: stored.lastError?.at ?? now.wall)
            } else if let error = stored.lastError {
                machine.resumeBackoff(after: error, lastResult: stored.recent.last?.result, now: now)
            }
            return (machine, .none)
        }
        machine.budget.remember(HistoryEntry(at: intent.at, event: intent.operation.event, result: .interrupted))
        let failure = Failure(
            .upstreamUnavailable,
            "the \(intent.operation.rawValue) was cut off before its answer was saved"
        )
        machine.startFlight(intent.operation)
        let action = machine.recordFailure(
            failure,
            result: .interrupted,
            backsOff: true,
            unsent: false,
            now: now,
            using: &random
        )
        return (machine, action)
    }

    /// The machine of an account that a user has just logged in or imported, with its first set made durable.
    public init(
        name: AccountName,
        tokens: IssuedTokens,
        password: PasswordState,
        policy: RefreshPolicy,
        loginsPerHour: Int,
        incarnation: UInt64,
        using random: inout some RandomNumberGenerator
    ) {
        self.init(
            name: name,
            tokens: tokens,
            refreshToken: .unspent,
            password: password,
            policy: policy,
            budget: LoginBudget(perHour: loginsPerHour),
            incarnation: incarnation,
            jitter: .random(in: 0..<1, using: &random)
        )
    }

    private init(
        name: AccountName,
        tokens: IssuedTokens,
        refreshToken: RefreshTokenState,
        password: PasswordState,
        policy: RefreshPolicy,
        budget: LoginBudget,
        incarnation: UInt64,
        jitter: Double
    ) {
        self.name = name
        self.tokens = tokens
        self.refreshToken = refreshToken
        beforeFlight = refreshToken
        self.password = password
        self.policy = policy
        self.budget = budget
        self.incarnation = incarnation
        self.jitter = jitter
    }
}

// MARK: - What others may know

extension RefreshStateMachine {
    /// How an account is, as a user is told.
    public enum State: String, Sendable {
        /// All is well.
        case active
        /// Refreshing fails; the token is still good.
        case degraded
        /// There is no good token.
        case expired
        /// A person has to log in.
        case loginRequired = "login_required"
    }

    /// How the account is.
    public func state(at now: Moment) -> State {
        if case .loginRequired = phase { return .loginRequired }
        if case .held(.loginRequired) = phase { return .loginRequired }
        if tokens.remaining(at: now) <= 0 { return .expired }
        return lastError == nil ? .active : .degraded
    }

    /// When this machine next wants `wake`; nil where only another event can move it.
    public func deadline(seenAt now: Moment) -> BootTime? {
        switch phase {
        case .resting: isEnding ? nil : dueAt(now)
        case .backingOff(let pause): isEnding ? nil : pause.until
        case .uncommitted(_, _, let until): until
        case .committing, .exchanging, .held, .loginRequired: nil
        }
    }

    /// Whether a request is under way, or its answer is being saved.
    public var isInFlight: Bool {
        switch phase {
        case .committing, .exchanging, .held: true
        case .resting, .uncommitted, .backingOff, .loginRequired: false
        }
    }

    /// Whether something that an answer brought waits for the store to work again.
    public var isUncommitted: Bool {
        switch phase {
        case .uncommitted: true
        case .resting, .committing, .exchanging, .backingOff, .held, .loginRequired: false
        }
    }

    /// The longest wait that is taken over from the store, as long as the longest that an answer can ask for.
    static let longestStayAway = Milliseconds.hours(1)

    /// Whether the answer to this flight is what is waited for.
    func awaits(_ flight: Flight) -> Bool {
        if case .exchanging(flight) = phase { true } else { false }
    }

    /// Until when the API asked us to stay away; nil where that is over.
    public func retryAfter(at now: Moment) -> BootTime? {
        guard let retryAfter, retryAfter > now.boot else { return nil }
        return retryAfter
    }

    /// How long the machine may at most stay off before a person has to log in; nil where a password is stored that
    /// works, or where the API did not say how long the refresh token lives.
    public var offlineOKUntil: UnixTime? { password == .stored ? nil : tokens.set.refreshExpiresAt }

    func dueAt(_ now: Moment) -> BootTime {
        tokens.reaches(age: policy.dueAge(life: tokens.set.life, jitter: jitter), seenAt: now)
    }

    /// What the next flight asks for; nil where nothing is left to try.
    var nextOperation: Operation? {
        let usable = password == .stored
        switch refreshToken {
        case .unspent: return longAbsent && usable ? .login : .refresh
        case .ambiguous, .spent: return usable ? .login : .refresh
        case .replayed, .refused: return usable ? .login : nil
        }
    }
}
