@testable import QuartileCore
import Testing

/// What each kind of answer makes of the refresh token, and what is tried next.
@Suite struct `Refresh state machine, outcomes` {
    @Test func `sends nothing before the intent is durable`() throws {
        var rig = MachineRig()
        let action = rig.machine.demand(now: rig.now)
        guard case .openIntent(.ada, let intent, let token, let replacingOwn)? = action.change else {
            Issue.record("no intent: \(action)")
            return
        }
        #expect(intent == Intent(generation: 1, operation: .refresh, at: rig.now.wall))
        #expect(token == .ambiguous)
        #expect(!replacingOwn)
        #expect(try rig.committed() == .send)
    }

    @Test func `saves a received set as the next generation before it serves it`() throws {
        var rig = try TransitionStart.exchanging.rig()
        let action = try rig.answered(rig.set("new"))
        guard case .saveTokens(.ada, let tokens, let entry)? = action.change else {
            Issue.record("not saved: \(action)")
            return
        }
        #expect(tokens.generation == 2)
        #expect(tokens.set == .made("new"))
        #expect(entry == HistoryEntry(at: rig.now.wall, event: .refresh, result: .received))
        #expect(rig.machine.tokens.generation == 1)
        _ = try rig.committed()
        #expect(rig.machine.tokens == tokens)
        #expect(rig.machine.refreshToken == .unspent)
        #expect(rig.machine.lastError == nil)
        #expect(rig.machine.state(at: rig.now) == .active)
    }

    @Test func `a set ends a row of failures, and the wait that the API asked for`() throws {
        var rig = MachineRig()
        try rig.follow(rig.machine.demand(now: rig.now), answer: .notSent(.throttled(.minutes(1))))
        for _ in 0..<3 { try rig.nextAttempt(answer: .notSent(.unreachable)) }
        #expect(rig.machine.failures == 4)
        try rig.nextAttempt(answer: rig.set())
        #expect(rig.machine.failures == 0)
        #expect(rig.machine.lastError == nil)
        #expect(rig.machine.retryAfter(at: rig.now) == nil)
    }

    // MARK: Not sent

    @Test(arguments: [PasswordState.stored, .none, .rejected])
    func `not sent leaves the refresh token as good as before`(password: PasswordState) throws {
        var rig = MachineRig(password: password)
        try rig.follow(rig.machine.demand(now: rig.now), answer: .notSent(.unreachable))
        #expect(rig.machine.refreshToken == .unspent)
        #expect(rig.stored.refreshToken == .unspent)
        #expect(rig.stored.openIntent == nil)
        #expect(rig.stored.recent.last?.result == .notSent)
        #expect(rig.machine.state(at: rig.now) == .degraded)
        for _ in 0..<20 { try rig.nextAttempt(answer: .notSent(.unreachable)) }
        #expect(rig.sent.allSatisfy { $0 == .refresh })
        #expect(rig.machine.refreshToken == .unspent)
    }

    @Test func `not sent brings back what was known of a token that is spent`() throws {
        var rig = MachineRig(password: .none)
        try rig.follow(rig.machine.demand(now: rig.now), answer: .ambiguous(.broken, unread: Secret("{")))
        #expect(rig.stored.refreshToken == .spent)
        try rig.nextAttempt(answer: .notSent(.unreachable))
        #expect(rig.machine.refreshToken == .spent)
        #expect(rig.stored.refreshToken == .spent)
        // It was not presented again, so the one replay is still to come.
        try rig.nextAttempt(answer: .ambiguous(.broken, unread: nil))
        #expect(rig.machine.refreshToken == .replayed)
        #expect(rig.machine.state(at: rig.now) == .loginRequired)
    }

    // MARK: Refused

    @Test func `refused logs in at once with the stored password`() throws {
        var rig = MachineRig()
        try rig.follow(rig.machine.demand(now: rig.now), answer: .refused(.refusal))
        #expect(rig.machine.refreshToken == .refused)
        #expect(rig.stored.refreshToken == .refused)
        #expect(rig.pending == .intent(.login))
        try rig.nextAttempt(answer: rig.set())
        #expect(rig.sent == [.refresh, .login])
        #expect(rig.machine.tokens.generation == 2)
        #expect(rig.machine.refreshToken == .unspent)
    }

    @Test func `refused waits for a person where no password is stored, and serves the token meanwhile`() throws {
        var rig = MachineRig(password: .none)
        try rig.follow(rig.machine.demand(now: rig.now), answer: .refused(.refusal))
        #expect(rig.machine.state(at: rig.now) == .loginRequired)
        #expect(rig.machine.lastError?.failure.code == .loginRequired)
        #expect(rig.machine.lastError?.failure.remedy == "quartilectl login --account ada@example.com")
        #expect(rig.machine.lastError?.retryAt == nil)
        #expect(rig.machine.deadline(seenAt: rig.now) == nil)
        #expect(rig.machine.tokens.remaining(at: rig.now) > 0)
    }

    @Test(arguments: [RefreshTokenState.ambiguous, .spent])
    func `refused of a token that may be spent is no sign of another program`(state: RefreshTokenState) throws {
        var rig = MachineRig(password: .none)
        try rig.follow(
            rig.machine.demand(now: rig.now),
            answer: .ambiguous(.broken, unread: state == .spent ? Secret("{") : nil)
        )
        #expect(rig.machine.refreshToken == state)
        try rig.nextAttempt(answer: .refused(.refusal))
        #expect(rig.stored.recent.last?.result == .refused)
        #expect(rig.machine.budget.refusalsOfUnspent == 0)
    }

    // MARK: Ambiguous

    @Test func `ambiguous logs in at the next step of the backoff where a password is stored`() throws {
        var rig = MachineRig()
        try rig.follow(rig.machine.demand(now: rig.now), answer: .ambiguous(.broken, unread: nil))
        #expect(rig.pending == .nothing)
        let wait = try #require(rig.machine.deadline(seenAt: rig.now)) - rig.now.boot
        #expect((300...1000).contains(wait.count))
        #expect(rig.machine.demand(now: rig.now) == .nothing)
        try rig.nextAttempt(answer: rig.set())
        #expect(rig.sent == [.refresh, .login])
    }

    @Test func `ambiguous presents the same token again, once a step, where no password is stored`() throws {
        var rig = MachineRig(password: .none)
        try rig.follow(rig.machine.demand(now: rig.now), answer: .ambiguous(.broken, unread: nil))
        for failures in 2...12 {
            let before = rig.now
            try rig.nextAttempt(answer: .ambiguous(.broken, unread: nil))
            #expect(rig.now.boot - before.boot >= Backoff.delay(failures: failures - 1, random: 0))
        }
        #expect(rig.sent == Array(repeating: .refresh, count: 12))
        #expect(rig.machine.refreshToken == .ambiguous)
        #expect(rig.machine.state(at: rig.now) == .degraded)
        try rig.nextAttempt(answer: rig.set())
        #expect(rig.machine.state(at: rig.now) == .active)
    }

    @Test func `a login without a sound answer is tried again, whatever becomes of the refresh token`() throws {
        var rig = MachineRig()
        try rig.follow(rig.machine.demand(now: rig.now), answer: .refused(.refusal))
        for _ in 0..<30 { try rig.nextAttempt(answer: .ambiguous(.broken, unread: nil)) }
        #expect(rig.sent.dropFirst().allSatisfy { $0 == .login })
        #expect(rig.machine.refreshToken == .refused)
        #expect(rig.machine.state(at: rig.now) != .loginRequired)
    }

    // MARK: A success that can't be read

    @Test func `a success that can't be read is kept sealed and its token known to be spent`() throws {
        var rig = MachineRig()
        try rig.follow(rig.machine.demand(now: rig.now), answer: .ambiguous(.broken, unread: Secret("{\"odd\"")))
        #expect(rig.stored.unreadAnswer == Secret("{\"odd\""))
        #expect(rig.stored.refreshToken == .spent)
        try rig.nextAttempt(answer: rig.set())
        #expect(rig.sent == [.refresh, .login])
        #expect(rig.stored.unreadAnswer == nil)
    }

    @Test func `a token that is known to be spent is presented once more and never again`() throws {
        var rig = MachineRig(password: .none)
        try rig.follow(rig.machine.demand(now: rig.now), answer: .ambiguous(.broken, unread: Secret("{")))
        try rig.nextAttempt(answer: .ambiguous(.broken, unread: Secret("{{")))
        #expect(rig.sent == [.refresh, .refresh])
        #expect(rig.machine.refreshToken == .replayed)
        #expect(rig.machine.state(at: rig.now) == .loginRequired)
        #expect(rig.machine.force(now: rig.now) == .nothing)
        #expect(rig.machine.demand(now: rig.now) == .nothing)
        #expect(rig.machine.wake(now: rig.now + .hours(1000)) == .nothing)
    }

    @Test func `the one replay may succeed`() throws {
        var rig = MachineRig(password: .none)
        try rig.follow(rig.machine.demand(now: rig.now), answer: .ambiguous(.broken, unread: Secret("{")))
        try rig.nextAttempt(answer: rig.set())
        #expect(rig.machine.tokens.generation == 2)
        #expect(rig.machine.refreshToken == .unspent)
    }

    @Test func `an unreadable answer to a login says nothing of the refresh token`() throws {
        var rig = MachineRig()
        try rig.follow(rig.machine.demand(now: rig.now), answer: .ambiguous(.broken, unread: nil))
        try rig.nextAttempt(answer: .ambiguous(.broken, unread: Secret("{")))
        #expect(rig.sent == [.refresh, .login])
        #expect(rig.machine.refreshToken == .ambiguous)
        #expect(rig.stored.unreadAnswer == Secret("{"))
    }

    // MARK: Expired on arrival

    @Test func `a set that has run out on arrival is kept, and is no reason to hurry`() throws {
        var rig = MachineRig()
        for round in 1...10 {
            let sent = rig.now
            let late = Outcome.received(.made("\(round)", life: .seconds(1), at: sent.wall), sent: sent)
            if round == 1 {
                _ = rig.machine.demand(now: rig.now)
            } else {
                let deadline = try #require(rig.machine.deadline(seenAt: rig.now))
                #expect(deadline - rig.now.boot >= Backoff.delay(failures: round - 1, random: 0))
                rig.now = rig.now + (deadline - rig.now.boot)
                #expect(rig.machine.wake(now: rig.now) == .intent(.refresh))
            }
            #expect(try rig.committed() == .send)
            rig.now = rig.now + .seconds(2)
            _ = try rig.answered(late)
            #expect(try rig.committed() == .nothing)
            #expect(rig.machine.tokens.generation == Generation(round + 1))
            #expect(rig.machine.state(at: rig.now) == .expired)
            #expect(rig.machine.lastError?.failure.code == .upstreamUnavailable)
        }
        try rig.nextAttempt(answer: rig.set())
        #expect(rig.machine.failures == 0)
        #expect(rig.machine.state(at: rig.now) == .active)
    }
}
