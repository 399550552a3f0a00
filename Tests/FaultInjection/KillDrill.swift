import EndToEndHarness
import Foundation

/// Kills a daemon in the middle of an operation, starts it again and looks at what is left, again and again.
final class KillDrill {
    /// How the daemon is killed.
    enum Killer: Sendable {
        /// At the `number`th call of this name that one of its threads of that role makes from now on; `solo` has only
        /// that one of them counted, `onLog` only calls on the daemon's log.
        case systemCall(String, number: Int, ThreadRole, solo: Int? = nil, onLog: Bool = false)
        /// So long after the request was sent.
        case after(Duration)
        /// When all is done, with every call logged.
        case whenDone
    }

    /// What a kill came to.
    struct Strike {
        var operation: KilledOperation
        /// The answer that the client had got, if any.
        var answer: JSON?
        /// Whether the killer struck; false where the operation went through untouched, and the kill came after it.
        var hit = true
        /// The calls from the moment the request was sent, by name; only where they were logged.
        var identities: [String] = []
        var calls: [TracedCall] = []
        /// Which of them was struck.
        var struck: String?
    }

    /// What was measured on the way.
    struct Findings: Sendable {
        /// How long the longest wait for a token was, from the restart on.
        var slowestToken = Duration.zero
        /// Logins lost where that can't be helped: no password stored, the old token spent, the new one never saved.
        var lostInWindow = 0

        mutating func add(_ other: Findings) {
            slowestToken = max(slowestToken, other.slowestToken)
            lostInWindow += other.lostInWindow
        }
    }

    private(set) var findings = Findings()

    let subject: Subject
    let remember: Bool
    private let mode: String
    /// The newest token set that the daemon is known to have.
    private(set) var generation = 0
    private(set) var accessToken = ""

    /// Starts a daemon with `ada` logged in.
    init(mode: String, remember: Bool) async throws {
        self.mode = mode
        self.remember = remember
        // A spent token that is replayed within the grace is taken; a busy machine is no reason to miss it.
        subject = try await Subject(mode: mode, sandbox: mode == "grace" ? ["--grace", "10m"] : [])
        try await subject.logIn("ada", remember: remember)
        try await learn()
    }

    // MARK: - After

    /// Starts the daemon and kills it before it is done with that, perhaps.
    func killStarting(after delay: Duration) async throws {
        try subject.startWithoutWaiting()
        pause(delay)
        try await subject.kill()
    }

    /// Starts the daemon again, and throws where anything is not as it must be.
    func recover(from strike: Strike) async throws {
        try await subject.start()
        try await check(strike)
    }

    /// Looks at a daemon that has been started again.
    func check(_ strike: Strike) async throws {
        let (found, access) = try await subject.token("ada")
        let waited = ContinuousClock.now - subject.started
        findings.slowestToken = max(findings.slowestToken, waited)
        try hold(waited <= .seconds(5), "a token after \(waited)")
        try hold(found >= generation, "generation \(found) after generation \(generation)")
        try hold(found > generation || access == accessToken, "another token of the same generation \(found)")
        if strike.operation == .refresh || strike.operation == .relogin, strike.answer?["result"] != nil {
            guard found > generation else { throw LostLogin("the acknowledged generation is gone: it is \(found)") }
        }
        try await checkGuest(after: strike)
        if strike.operation == .rotate { try await checkKey(after: strike) }
        guard try await stillIn(strike, found) else {
            findings.lostInWindow += 1
            try await subject.logIn("ada", remember: remember)
            return try await learn()
        }
        try hold(try await subject.sandbox.accepts(access), "the API does not take the token that is served")
        // What the crash left open is settled by the next refresh: with a stored password by logging in.
        let refreshed = try await refreshed()
        guard refreshed["result"]?["state"]?.string == "active" else {
            guard try await !stillIn(strike, found) else { throw Unmet("the next refresh: \(refreshed.text)") }
            findings.lostInWindow += 1
            try await subject.logIn("ada", remember: remember)
            return try await learn()
        }
        try await learn()
        try hold(generation > found, "a refresh that left generation \(found)")
        try await subject.checkIntegrity()
    }

    /// False where a person has to log in and that could not be helped. Throws where it could.
    private func stillIn(_ strike: Strike, _ found: Int) async throws -> Bool {
        let account = try await subject.account("ada")
        try hold(account["password_stored"]?.bool == remember, "password_stored is wrong: \(account.text)")
        guard account["state"] == "login_required" else { return true }
        guard !remember else { throw LostLogin("login_required with a password stored: \(account.text)") }
        // The only excuse: the server rotated in answer to this operation, and what it gave was not saved.
        let rotated = try await subject.sandbox.calls("refresh").contains { $0["outcome"] == "rotated" }
        guard strike.operation == .refresh, rotated else { throw LostLogin("login_required, and nothing was rotated") }
        guard found == generation else { throw LostLogin("login_required though generation \(found) was saved") }
        guard mode == "strict" else { throw LostLogin("login_required though the server takes a spent token") }
        return false
    }

    private func checkGuest(after strike: Strike) async throws {
        let there = try await subject.isThere("guest")
        let done = strike.answer?["result"] != nil
        switch strike.operation {
        case .refresh, .relogin, .rotate: return
        case .login: guard there || !done else { throw LostLogin("the guest's login was acknowledged and is gone") }
        case .logout: try hold(!there || !done, "the guest's logout was acknowledged and is undone")
        }
        guard there else { return }
        let access = try await subject.token("guest").access
        try hold(try await subject.sandbox.accepts(access), "the API does not take the guest's token")
    }

    /// The key that was acknowledged is the one in use, and whichever it is is in its place.
    private func checkKey(after strike: Strike) async throws {
        let key = try await subject.result("key_status", [:])
        try hold(key["advice"] == .null, "after the restart: \(key.text)")
        guard let acknowledged = strike.answer?["result"]?["key_id"] else { return }
        try hold(key["key_id"] == acknowledged, "the acknowledged key is \(acknowledged.text), and \(key.text) is used")
    }

    /// What helps to understand a failure.
    func lastWords() throws -> String { "; the daemon said: \(try subject.lastWords())" }

    /// At the end: with a stored password, no token that may be spent was ever presented again.
    func checkReuse() async throws {
        guard remember else { return }
        let reused = try await subject.sandbox.control("GET", "state")["reused"]?.int
        try hold(reused == 0, "\(reused ?? -1) spent refresh tokens were presented again")
    }

    // MARK: - What is known

    /// Has `ada` refreshed. One that comes while the daemon is still writing down that the last one was cut off is told
    /// so, and asks again.
    private func refreshed() async throws -> JSON {
        let deadline = ContinuousClock.now + .seconds(5)
        while true {
            let response = try await subject.response("refresh", ["account": "ada"])
            guard response["error"]?["data"]?["code"] == "upstream_unavailable", ContinuousClock.now < deadline else {
                return response
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func learn() async throws {
        let token = try await subject.token("ada")
        know(token.generation, token.access)
    }

    /// From here on, this is the newest token set.
    func know(_ generation: Int, _ accessToken: String) {
        self.generation = generation
        self.accessToken = accessToken
    }
}
