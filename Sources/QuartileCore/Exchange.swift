/// What the daemon may ask of the API by itself to get the next token set.
public enum Operation: String, Sendable {
    /// Trade the refresh token for a new set.
    case refresh
    /// Log in with the stored password.
    case login
}

/// One attempt of one account to get its next token set. An answer that comes with another flight than the one under
/// way is late and is dropped.
public struct Flight: Hashable, Sendable {
    /// The account.
    public let account: AccountName
    /// Tells machines of one account name apart, should the account be removed and made anew.
    public let incarnation: UInt64
    /// Counts the flights of one machine.
    public let number: UInt64
    /// The generation that the flight began with.
    public let generation: Generation
    /// What it asks for.
    public let operation: Operation

    /// A flight as given.
    public init(
        account: AccountName,
        incarnation: UInt64,
        number: UInt64,
        generation: Generation,
        operation: Operation
    ) {
        self.account = account
        self.incarnation = incarnation
        self.number = number
        self.generation = generation
        self.operation = operation
    }
}

/// What an exchange with the API came to, sorted by what it means for the refresh token.
public enum Outcome: Sendable {
    /// A whole token set, and the moment its request was sent.
    case received(TokenSet, sent: Moment)
    /// The API was not reached. The refresh token is as good as before, and trying again costs the API nothing.
    case notSent(Failure)
    /// The API turned the request away before it looked at it (429, 403, a 401 that speaks of the subscription key).
    /// The refresh token is as good as before.
    case turnedAway(Failure)
    /// The API refused what was presented, in its own words: the refresh token is dead, or a login is malformed.
    case refused(Failure)
    /// The API refused a login's password.
    case passwordRejected(Failure)
    /// The request may have been acted on, and no sound answer came back. `unread` is the body of a success that
    /// could not be read as a token set: then the refresh token is certainly spent.
    case ambiguous(Failure, unread: Secret?)
}

/// Why something did not work, in words a person can act on. Holds no secret.
public struct Failure: Error, Sendable, Equatable {
    /// What kind of failure, as far as a caller must tell them apart.
    public enum Code: String, Sendable {
        /// A person has to log in.
        case loginRequired = "login_required"
        /// The API can't be reached, is failing or is throttling us.
        case upstreamUnavailable = "upstream_unavailable"
        /// The API refused what the user gave.
        case upstreamRejected = "upstream_rejected"
        /// The database can't be written or read.
        case storageFailed = "storage_failed"
    }

    /// The kind.
    public var code: Code
    /// One sentence.
    public var message: String
    /// How long the API asked us to stay away.
    public var retryAfter: Milliseconds?
    /// A command that mends it, where it is another than the code suggests.
    public var remedy: String?

    /// A failure as given.
    public init(_ code: Code, _ message: String, retryAfter: Milliseconds? = nil, remedy: String? = nil) {
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
        self.remedy = remedy
    }
}

/// A failure with its time: what `status` shows of an account in trouble.
public struct LastError: Sendable, Equatable {
    /// What failed.
    public var failure: Failure
    /// When.
    public var at: UnixTime
    /// When it is tried again; nil where that takes a person.
    public var retryAt: UnixTime?

    /// An error as given.
    public init(_ failure: Failure, at: UnixTime, retryAt: UnixTime?) {
        self.failure = failure
        self.at = at
        self.retryAt = retryAt
    }
}

/// What is known of the newest refresh token.
public enum RefreshTokenState: String, Sendable {
    /// Never sent, or sent and certainly not acted on.
    case unspent
    /// Sent, and nothing sound came back: perhaps spent.
    case ambiguous
    /// Certainly spent: its answer came and could not be read.
    case spent
    /// Certainly spent, and presented once more since. Never sent again.
    case replayed
    /// The API refused it. Never sent again.
    case refused
}

/// What was about to be sent when a flight began, written durably before it is sent, so that a crash in between is
/// noticed.
public struct Intent: Sendable, Equatable {
    /// The generation that the flight began with.
    public var generation: Generation
    /// What it was about to ask for.
    public var operation: Operation
    /// When.
    public var at: UnixTime

    /// An intent as given.
    public init(generation: Generation, operation: Operation, at: UnixTime) {
        self.generation = generation
        self.operation = operation
        self.at = at
    }
}
