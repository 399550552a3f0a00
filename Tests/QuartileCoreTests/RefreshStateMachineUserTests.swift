@testable import QuartileCore
import Testing

/// What the user and callers may do to a machine.
@Suite struct `Refresh state machine, the user` {
    // MARK: Waiting callers

    @Test func `while a caller waits a request that never left is tried again within ten seconds`() throws {
        var rig = MachineRig()
        try rig.follow(rig.machine.demand(now: rig.now), answer: .notSent(.unreachable))
        for _ in 0..<12 { try rig.nextAttempt(answer: .notSent(.unreachable)) }
        let failed = rig.now
        #expect(try #require(rig.machine.deadline(seenAt: rig.now)) - failed.boot > .seconds(10))
        rig.now = failed + .seconds(4)
        #expect(rig.machine.demand(now: rig.now) == .nothing)
        #expect(rig.machine.deadline(seenAt: rig.now) == failed.boot + .seconds(10))
        #expect(rig.machine.lastError?.retryAt == failed.wall + .seconds(10))
        rig.now = failed + .seconds(10)
        #expect(rig.machine.demand(now: rig.now) == .intent(.refresh))
    }

    @Test func `a caller does not cut a wait after an answer that may have been acted on`() throws {
        var rig = MachineRig(password: .none)
        try rig.follow(rig.machine.demand(now: rig.now), answer: .ambiguous(.broken, unread: nil))
        for _ in 0..<12 { try rig.nextAttempt(answer: .ambiguous(.broken, unread: nil)) }
        let deadline = rig.machine.deadline(seenAt: rig.now)
        #expect(rig.machine.demand(now: rig.now + .seconds(20)) == .nothing)
        #expect(rig.machine.deadline(seenAt: rig.now) == deadline)
    }

    @Test func `a caller never makes a shorter backoff longer`() throws {
        var rig = try TransitionStart.afterNotSent.rig()
        let deadline = rig.machine.deadline(seenAt: rig.now)
        _ = rig.machine.demand(now: rig.now)
        #expect(rig.machine.deadline(seenAt: rig.now) == deadline)
    }

    @Test func `neither a caller nor a forced refresh cuts the wait that the API asked for`() throws {
        var rig = try TransitionStart.askedToStayAway.rig()
        let until = rig.now.boot + .hours(1)
        for minutes in [0, 1, 30, 59] as [Int64] {
            let now = rig.now + .minutes(minutes)
            #expect(rig.machine.demand(now: now) == .nothing)
            #expect(rig.machine.force(now: now) == .nothing)
            #expect(rig.machine.deadline(seenAt: now) == until)
            #expect(rig.machine.retryAfter(at: now) == until)
        }
        #expect(rig.machine.lastError?.retryAt == rig.now.wall + .hours(1))
        #expect(rig.machine.force(now: rig.now + .hours(1)) == .intent(.refresh))
    }

    @Test func `a forced refresh skips a backoff of our own`() throws {
        var rig = try TransitionStart.afterAmbiguous.rig()
        #expect(rig.machine.force(now: rig.now) == .intent(.login))
    }

    @Test func `a Retry-After shorter than the backoff does not shorten it, a negative one neither`() throws {
        for asked in [Milliseconds(0), .seconds(-5), 1] {
            var rig = try TransitionStart.exchanging.rig()
            _ = try rig.answered(.notSent(.throttled(asked)))
            _ = try rig.committed()
            #expect(try #require(rig.machine.deadline(seenAt: rig.now)) - rig.now.boot >= Milliseconds(300))
        }
    }

    // MARK: The user's own login

    @Test func `a login by the user holds back every flight until it has ended`() throws {
        var rig = MachineRig()
        #expect(rig.machine.hold() == true)
        #expect(rig.machine.hold() == false)
        #expect(rig.machine.wake(now: rig.now + .hours(20)) == .nothing)
        #expect(rig.machine.demand(now: rig.now) == .nothing)
        #expect(rig.machine.force(now: rig.now) == .nothing)
        rig.machine.release()
        #expect(rig.machine.demand(now: rig.now) == .intent(.refresh))
    }

    @Test func `a login that came to nothing leaves a backoff as it was`() throws {
        var rig = try TransitionStart.afterAmbiguous.rig()
        let before = (rig.machine.deadline(seenAt: rig.now), rig.machine.lastError, rig.machine.failures)
        #expect(rig.machine.hold() == true)
        rig.machine.release()
        #expect(rig.machine.deadline(seenAt: rig.now) == before.0)
        #expect(rig.machine.lastError == before.1)
        #expect(rig.machine.failures == before.2)
    }

    @Test func `the state shows through a hold`() throws {
        for start in [TransitionStart.resting, .afterAmbiguous, .loginRequired] {
            var rig = try start.rig()
            let state = rig.machine.state(at: rig.now)
            #expect(rig.machine.hold() == true)
            #expect(rig.machine.state(at: rig.now) == state)
        }
    }

    @Test func `a login by the user makes everything well`() throws {
        var rig = try TransitionStart.heldForLogin.rig()
        let tokens = IssuedTokens.made(2, sent: rig.now)
        rig.machine.replaced(by: tokens, password: .stored, using: &rig.random)
        #expect(rig.machine.tokens == tokens)
        #expect(rig.machine.state(at: rig.now) == .active)
        #expect(rig.machine.refreshToken == .unspent)
        #expect(rig.machine.password == .stored)
        #expect(rig.machine.force(now: rig.now) == .intent(.refresh))
    }

    @Test func `a login by the user is not counted`() throws {
        var rig = MachineRig(loginsPerHour: 1)
        for generation in 2...10 as ClosedRange<Generation> {
            #expect(rig.machine.hold() == true)
            rig.machine.replaced(by: .made(generation, sent: rig.now), password: .stored, using: &rig.random)
        }
        try rig.follow(rig.machine.demand(now: rig.now), answer: .refused(.refusal))
        #expect(rig.pending == .intent(.login))
    }

    @Test func `an imported set that has run out is refreshed at once`() throws {
        var rig = MachineRig()
        #expect(rig.machine.hold() == true)
        let old = TokenSet.made("old", at: rig.now.wall + .hours(-20))
        rig.machine.replaced(by: IssuedTokens(old, generation: 2, loaded: rig.now), password: .none, using: &rig.random)
        #expect(rig.machine.wake(now: rig.now) == .intent(.refresh))
    }

    // MARK: New credentials

    @Test func `a new password after a refused one logs in at once`() throws {
        var rig = MachineRig()
        try rig.follow(rig.machine.demand(now: rig.now), answer: .refused(.refusal))
        try rig.nextAttempt(answer: .passwordRejected(.wrongPassword))
        #expect(rig.machine.hold() == true)
        let action = rig.machine.credentialsChanged(password: .stored, now: rig.now)
        #expect(action == .intent(.login))
        try rig.follow(action, answer: rig.set())
        #expect(rig.machine.state(at: rig.now) == .active)
        #expect(rig.machine.tokens.generation == 2)
    }

    @Test func `a new key after a refused one is tried at once, with the same refresh token`() throws {
        var rig = MachineRig()
        let wrongKey = Failure(.upstreamRejected, "The API refused the subscription key.")
        try rig.follow(rig.machine.demand(now: rig.now), answer: .notSent(wrongKey))
        for _ in 0..<9 { try rig.nextAttempt(answer: .notSent(wrongKey)) }
        #expect(rig.machine.hold() == true)
        try rig.follow(rig.machine.credentialsChanged(password: .stored, now: rig.now), answer: rig.set())
        #expect(rig.machine.tokens.generation == 2)
        #expect(rig.sent.allSatisfy { $0 == .refresh })
    }

    @Test func `new credentials of a healthy account cause no request`() throws {
        var rig = MachineRig()
        #expect(rig.machine.hold() == true)
        #expect(rig.machine.credentialsChanged(password: .stored, now: rig.now) == .nothing)
        #expect(rig.machine.state(at: rig.now) == .active)
        #expect(rig.machine.tokens.generation == 1)
    }

    @Test func `new credentials wait as long as the API asked for`() throws {
        var rig = try TransitionStart.askedToStayAway.rig()
        #expect(rig.machine.hold() == true)
        #expect(rig.machine.credentialsChanged(password: .stored, now: rig.now) == .nothing)
        #expect(rig.machine.deadline(seenAt: rig.now) == rig.now.boot + .hours(1))
        #expect(rig.machine.demand(now: rig.now) == .nothing)
    }

    // MARK: What a user is told

    @Test func `says how long the machine may stay off`() throws {
        #expect(MachineRig().machine.offlineOKUntil == nil)
        let fortnight = Moment.start.wall + .hours(14 * 24)
        #expect(MachineRig(password: .none).machine.offlineOKUntil == fortnight)
        #expect(MachineRig(password: .rejected).machine.offlineOKUntil == fortnight)
    }

    @Test func `is expired once the token has run out, and login_required wins over that`() throws {
        let rig = try TransitionStart.afterAmbiguous.rig()
        #expect(rig.machine.state(at: rig.now) == .degraded)
        #expect(rig.machine.state(at: rig.now + .hours(12)) == .expired)
        let stuck = try TransitionStart.loginRequired.rig()
        #expect(stuck.machine.state(at: stuck.now + .hours(12)) == .loginRequired)
    }
}
