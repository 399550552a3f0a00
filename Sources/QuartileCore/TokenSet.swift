/// Counts the token sets of an account: 1 for the first, one more with each that follows.
public typealias Generation = Int64

/// An access token and the refresh token that came with it.
public struct TokenSet: Sendable, Equatable {
    /// The access token.
    public var accessToken: Secret
    /// Its type, `Bearer` in practice.
    public var tokenType: String
    /// The refresh token.
    public var refreshToken: Secret
    /// When its life began: when the request was sent or, for an imported set, when it was issued.
    public var issuedAt: UnixTime
    /// When the access token ends.
    public var accessExpiresAt: UnixTime
    /// When the refresh token ends; nil where the API did not say.
    public var refreshExpiresAt: UnixTime?

    /// A token set as given.
    public init(
        accessToken: Secret,
        tokenType: String,
        refreshToken: Secret,
        issuedAt: UnixTime,
        accessExpiresAt: UnixTime,
        refreshExpiresAt: UnixTime?
    ) {
        self.accessToken = accessToken
        self.tokenType = tokenType
        self.refreshToken = refreshToken
        self.issuedAt = issuedAt
        self.accessExpiresAt = accessExpiresAt
        self.refreshExpiresAt = refreshExpiresAt
    }

    /// The access token's whole life.
    public var life: Milliseconds { accessExpiresAt - issuedAt }
}

/// A token set with its place in the account's history and on the boot clock.
///
/// Both clocks are kept because each alone can be wrong: the wall clock can be set back, the boot clock ends with the
/// boot. A token is taken to end when the first of them says so.
public struct IssuedTokens: Sendable, Equatable {
    /// The set.
    public var set: TokenSet
    /// Its generation.
    public var generation: Generation
    /// When its life began, on the boot clock of the boot that holds it in memory.
    public var issuedAtBoot: BootTime

    /// A set whose life began at `sent`, the moment its request was sent.
    public init(_ set: TokenSet, generation: Generation, sent: Moment) {
        self.set = set
        self.generation = generation
        issuedAtBoot = sent.boot + (set.issuedAt - sent.wall)
    }

    /// A set as it was stored in this boot.
    public init(_ set: TokenSet, generation: Generation, issuedAtBoot: BootTime) {
        self.set = set
        self.generation = generation
        self.issuedAtBoot = issuedAtBoot
    }

    /// A set that comes from an earlier boot or from elsewhere. What is left of it is what the wall clock says, and
    /// never more than its whole life, should the clock be behind.
    public init(_ set: TokenSet, generation: Generation, loaded now: Moment) {
        self.set = set
        self.generation = generation
        issuedAtBoot = min(now.boot, now.boot + (set.issuedAt - now.wall))
    }

    /// The access token's life that is left; negative once it is over.
    public func remaining(at now: Moment) -> Milliseconds {
        min(set.accessExpiresAt - now.wall, issuedAtBoot + set.life - now.boot)
    }

    /// When the boot clock will have reached `age` of this set, as far as either clock tells.
    public func reaches(age: Milliseconds, seenAt now: Moment) -> BootTime {
        min(issuedAtBoot + age, now.boot + (set.issuedAt + age - now.wall))
    }
}
