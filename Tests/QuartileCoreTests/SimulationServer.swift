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
        var life: Milliseconds
        var expires: Milliseconds
    }

    let mode: Mode
    /// The password that works.
    var password: String
    /// Passwords that a login was refused for.
    private(set) var refusedPasswords: Set<String> = []
    private var family = 0
    private var dead: Set<Int> = []
    private var refreshTokens: [String: (family: Int, used: Milliseconds?)] = [:]
    /// When each access token ends.
    private(set) var expiry: [String: Milliseconds] = [:]

    init(mode: Mode, password: String) {
        self.mode = mode
        self.password = password
    }

    mutating func logIn(_ password: String, life: Milliseconds, at time: Milliseconds, serial: Int) -> Answer {
        guard password == self.password else {
            refusedPasswords.insert(password)
            return .wrongPassword
        }
        family += 1
        return issue(family, life: life, at: time, serial: serial)
    }

    mutating func refresh(_ token: String, life: Milliseconds, at time: Milliseconds, serial: Int) -> Answer {
        guard let known = refreshTokens[token], !dead.contains(known.family) else { return .refused }
        if let used = known.used {
            switch mode {
            case .strict:
                dead.insert(known.family)
                return .refused
            case .grace: if time - used > .seconds(30) { return .refused }
            case .lenient: break
            }
        } else {
            refreshTokens[token]?.used = time
        }
        return issue(known.family, life: life, at: time, serial: serial)
    }

    /// Somebody revokes every token there is.
    mutating func revokeAll() { dead.formUnion(1...max(1, family)) }

    private mutating func issue(_ family: Int, life: Milliseconds, at time: Milliseconds, serial: Int) -> Answer {
        let grant = Grant(access: "access-\(serial)", refresh: "refresh-\(serial)", life: life, expires: time + life)
        refreshTokens[grant.refresh] = (family, nil)
        expiry[grant.access] = grant.expires
        return .issued(grant)
    }
}
