@testable import QuartileCore

/// A model of the API's side of one account. It runs on true time, which no step of a clock touches.
struct SimulationServer {
    /// What becomes of a refresh token that was used.
    enum Mode: CaseIterable {
        /// A second use kills all tokens that came of the same login.
        case strict
        /// It works for 30 s more.
        case grace
        /// It works for ever.
        case lenient
    }

    enum Answer {
        case issued(Grant)
        case refused
        case wrongPassword
    }

    /// A token set as the server knows it.
    struct Grant {
        var access: String
        var refresh: String
        var family: Int
        var issuedAt: Milliseconds
        var life: Milliseconds
        var refreshLife: Milliseconds?
        /// When the refresh token was first used.
        var used: Milliseconds?
        var isDead = false
        /// A backup of the store holds it, so it may come back.
        var isInBackup = false
        /// How far ahead the daemon's wall clock was where it wrote down when the set was issued.
        var skew = Milliseconds(0)
        /// By how much the daemon may take this set to be younger than it is, since it was read from the store after a
        /// boot, or imported, while the wall clock was behind.
        var lenience = Milliseconds(0)

        var expiresAt: Milliseconds { issuedAt + life }
    }

    /// How long the tokens live that are issued.
    struct Lives {
        var access: Milliseconds
        var refresh: Milliseconds?
    }

    let mode: Mode
    /// The password that works.
    var password: String
    /// Passwords that a login was refused for.
    private(set) var refusedPasswords: Set<String> = []
    private var families = 0
    private var grants: [Grant] = []

    init(mode: Mode, password: String) {
        self.mode = mode
        self.password = password
    }

    /// The set that an access token belongs to.
    func grant(ofAccess token: String) -> Grant? { grants.last { $0.access == token } }

    /// Changes what is noted of the set that an access token belongs to.
    mutating func note(ofAccess token: String, _ change: (inout Grant) -> Void) {
        if let index = grants.lastIndex(where: { $0.access == token }) { change(&grants[index]) }
    }

    /// A backup is made with this access token in it, and takes the place of the one before.
    mutating func backUp(_ token: String) {
        for index in grants.indices { grants[index].isInBackup = grants[index].access == token }
    }

    /// Whether a refresh token would be taken.
    func takes(_ refresh: String, at time: Milliseconds) -> Bool {
        guard let grant = grants.last(where: { $0.refresh == refresh }) else { return false }
        return isGood(grant, at: time) && (grant.used.map { stillTakes(usedAt: $0, at: time) } ?? true)
    }

    mutating func logIn(_ password: String, _ lives: Lives, at time: Milliseconds, serial: Int)
        -> Answer
    {
        guard password == self.password else {
            refusedPasswords.insert(password)
            return .wrongPassword
        }
        families += 1
        return .issued(issue(family: families, lives, at: time, serial: serial))
    }

    /// The user makes a set on the portal.
    mutating func issueByHand(_ lives: Lives, at time: Milliseconds, serial: Int) -> Grant {
        families += 1
        return issue(family: families, lives, at: time, serial: serial)
    }

    mutating func refresh(_ token: String, _ lives: Lives, at time: Milliseconds, serial: Int)
        -> Answer
    {
        guard let index = grants.lastIndex(where: { $0.refresh == token }),
            isGood(grants[index], at: time)
        else {
            return .refused
        }
        if let used = grants[index].used {
            guard stillTakes(usedAt: used, at: time) else {
                if mode == .strict { kill { [family = grants[index].family] in $0.family == family } }
                return .refused
            }
        } else {
            grants[index].used = time
        }
        return .issued(issue(family: grants[index].family, lives, at: time, serial: serial))
    }

    /// Somebody revokes every token there is.
    mutating func revokeAll() { kill { _ in true } }

    private mutating func kill(_ isMeant: (Grant) -> Bool) {
        for index in grants.indices where isMeant(grants[index]) { grants[index].isDead = true }
    }

    private func isGood(_ grant: Grant, at time: Milliseconds) -> Bool {
        !grant.isDead && (grant.refreshLife.map { grant.issuedAt + $0 > time } ?? true)
    }

    private func stillTakes(usedAt used: Milliseconds, at time: Milliseconds) -> Bool {
        switch mode {
        case .strict: false
        case .grace: time - used <= .seconds(30)
        case .lenient: true
        }
    }

    private mutating func issue(family: Int, _ lives: Lives, at time: Milliseconds, serial: Int)
        -> Grant
    {
        let grant = Grant(
            access: "access-\(serial)",
            refresh: "refresh-\(serial)",
            family: family,
            issuedAt: time,
            life: lives.access,
            refreshLife: lives.refresh
        )
        // The oldest are forgotten: nothing refers to them any more but what must not be sent anyway.
        if grants.count > 80 { grants = grants[..<40].filter(\.isInBackup) + grants[40...] }
        grants.append(grant)
        return grant
    }
}
