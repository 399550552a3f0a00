/// All token sets that descend from one login by refreshing (RFC 9700, section 4.14.2, calls for revoking them together).
struct TokenFamily: Sendable {
    /// One token set. Times are seconds since 1970 on the sandbox's own clock, without skew.
    struct Generation: Sendable {
        var accessExpiry: Double
        var refreshExpiry: Double
        /// When the refresh token was first used with success.
        var firstUse: Double?
    }

    /// Why a family is dead.
    enum Revocation: String, Sendable {
        case reuse
        case request
        case login
    }

    /// How a refresh token is received.
    enum Reception: Equatable, Sendable {
        /// Unspent: it gives the next generation.
        case rotates
        /// Spent before, but the mode lets it give one more generation.
        case rotatesAgain
        /// Spent before: the family has just been revoked for it.
        case revokes
        /// Older than its lifetime.
        case expired
        /// The family was revoked earlier.
        case dead
    }

    let id: Int
    let username: String
    private(set) var generations: [Generation] = []
    private(set) var revocation: Revocation?
    private(set) var refreshes = 0
    /// Presentations of a refresh token that had been spent already.
    private(set) var reuses = 0

    init(id: Int, username: String) {
        self.id = id
        self.username = username
    }

    /// Adds a generation, counted from 1.
    mutating func issue(accessLifetime: Double, refreshLifetime: Double, now: Double) -> Int {
        generations.append(Generation(accessExpiry: now + accessLifetime, refreshExpiry: now + refreshLifetime))
        return generations.count
    }

    /// Presents the refresh token of a generation. After `.rotates` and `.rotatesAgain` the caller issues the next one.
    mutating func present(generation: Int, mode: RotationMode, grace: Double, now: Double) -> Reception {
        let presented = generations[generation - 1]
        if presented.firstUse != nil { reuses += 1 }
        guard revocation == nil else { return .dead }
        guard now < presented.refreshExpiry else { return .expired }
        guard let firstUse = presented.firstUse else {
            generations[generation - 1].firstUse = now
            refreshes += 1
            return .rotates
        }
        switch mode {
        case .strict:
            revocation = .reuse
            return .revokes
        case .grace:
            guard now - firstUse <= grace else {
                revocation = .reuse
                return .revokes
            }
            refreshes += 1
            return .rotatesAgain
        case .lenient:
            refreshes += 1
            return .rotatesAgain
        }
    }

    /// Whether the access token of a generation works.
    func accepts(generation: Int, now: Double) -> Bool {
        revocation == nil && now < generations[generation - 1].accessExpiry
    }

    /// Kills every token of the family. A reason that stands already stays.
    mutating func revoke(_ reason: Revocation) {
        revocation = revocation ?? reason
    }
}
