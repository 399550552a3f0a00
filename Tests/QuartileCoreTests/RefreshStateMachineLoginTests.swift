@testable import QuartileCore
import Testing

@Suite struct `Refresh state machine, logins` {
    @Test func `a password that was refused is not tried again`() throws {
        var rig = MachineRig()
        try rig.follow(rig.machine.demand(now: rig.now), answer: .refused(.refusal))
        try rig.nextAttempt(answer: .passwordRejected(.wrongPassword))
        #expect(rig.stored.password == .rejected)
        #expect(rig.machine.state(at: rig.now) == .loginRequired)
        #expect(rig.machine.lastError?.failure.remedy == "quartilectl update --account ada@example.com")
        #expect(rig.machine.deadline(seenAt: rig.now) == nil)
        rig.restart(after: .hours(24))
        #expect(rig.machine.state(at: rig.now) == .loginRequired)
        #expect(rig.machine.wake(now: rig.now) == .nothing)
        #expect(rig.machine.force(now: rig.now) == .nothing)
        #expect(rig.sent == [.refresh, .login])
    }

    @Test func `a password that was refused leaves a perhaps spent token to be tried`() throws {
        var rig = MachineRig()
        try rig.follow(rig.machine.demand(now: rig.now), answer: .ambiguous(.broken, unread: nil))
        try rig.nextAttempt(answer: .passwordRejected(.wrongPassword))
        try rig.nextAttempt(answer: .refused(.refusal))
        #expect(rig.sent == [.refresh, .login, .refresh])
        #expect(rig.machine.state(at: rig.now) == .loginRequired)
    }

    @Test func `a login that is refused for another reason than the password is tried again after a wait`() throws {
        var rig = MachineRig()
        try rig.follow(rig.machine.demand(now: rig.now), answer: .refused(.refusal))
        try rig.nextAttempt(answer: .refused(Failure(.upstreamRejected, "The username is malformed.")))
        #expect(rig.machine.password == .stored)
        #expect(rig.pending == .nothing)
        #expect(rig.machine.state(at: rig.now) == .degraded)
        try rig.nextAttempt(answer: rig.set())
        #expect(rig.sent == [.refresh, .login, .login])
    }

    @Test func `at most twelve logins an hour are answered`() throws {
        var rig = MachineRig()
        try rig.follow(rig.machine.demand(now: rig.now), answer: .refused(.refusal))
        let malformed = Outcome.refused(Failure(.upstreamRejected, "The username is malformed."))
        let began = rig.now
        for _ in 0..<12 { try rig.nextAttempt(answer: malformed) }
        #expect(rig.now.boot - began.boot < .hours(1))
        // The thirteenth is due, and waits for the first to be an hour old.
        rig.now = rig.now + (try #require(rig.machine.deadline(seenAt: rig.now)) - rig.now.boot)
        #expect(rig.machine.wake(now: rig.now) == .nothing)
        #expect(rig.machine.state(at: rig.now) == .degraded)
        let error = try #require(rig.machine.lastError)
        #expect(error.failure.code == .upstreamUnavailable)
        #expect(error.retryAt == began.wall + .hours(1))
        #expect(rig.machine.force(now: rig.now) == .nothing)
        #expect(rig.machine.deadline(seenAt: rig.now) == began.boot + .hours(1))
        try rig.nextAttempt(answer: rig.set())
        #expect(rig.machine.tokens.generation == 2)
    }

    @Test func `the budget outlives a restart, and what a crash cut off counts`() throws {
        var rig = MachineRig()
        try rig.follow(rig.machine.demand(now: rig.now), answer: .refused(.refusal))
        let malformed = Outcome.refused(Failure(.upstreamRejected, "The username is malformed."))
        for _ in 0..<11 { try rig.nextAttempt(answer: malformed) }
        rig.now = rig.now + (try #require(rig.machine.deadline(seenAt: rig.now)) - rig.now.boot)
        rig.stored.apply(try rig.machine.wake(now: rig.now).requiredChange)
        try rig.follow(rig.restart(after: .seconds(1)), answer: rig.set())
        rig.now = rig.now + .minutes(5)
        #expect(rig.machine.wake(now: rig.now) == .nothing)
        #expect(rig.machine.lastError?.failure.message.contains("12 logins an hour") == true)
    }

    @Test func `logins without an answer are held back by backoff alone`() throws {
        var rig = MachineRig(loginsPerHour: 1)
        try rig.follow(rig.machine.demand(now: rig.now), answer: .refused(.refusal))
        for _ in 0..<10 {
            try rig.nextAttempt(answer: .ambiguous(.broken, unread: nil))
            try rig.nextAttempt(answer: .notSent(.unreachable))
        }
        try rig.nextAttempt(answer: rig.set())
        #expect(rig.machine.tokens.generation == 2)
    }

    @Test func `what counts against the budget now counts after a restart, and nothing else does`() throws {
        let outcomes: [Outcome] = [
            .refused(.refusal), .ambiguous(.broken, unread: nil), .ambiguous(.broken, unread: Secret("{")),
            .notSent(.unreachable),
        ]
        for outcome in outcomes {
            var rig = MachineRig(loginsPerHour: 1)
            try rig.follow(rig.machine.demand(now: rig.now), answer: .refused(.refusal))
            try rig.nextAttempt(answer: outcome)
            let next = rig.machine.budget.nextLogin(at: rig.now.wall)
            rig.restart(loginsPerHour: 1)
            #expect(rig.machine.budget.nextLogin(at: rig.now.wall) == next, "\(outcome)")
        }
    }

    // MARK: Refused though never spent

    @Test func `a refusal of a token that was never spent says that another program may use the login`() throws {
        var rig = MachineRig()
        try rig.follow(rig.machine.demand(now: rig.now), answer: .refused(.refusal))
        #expect(rig.stored.recent.last?.result == .refusedUnspent)
        #expect(rig.machine.lastError?.failure.message.contains("another program uses this login") == true)
    }

    @Test func `and still says so where no password is stored to log in with, after a restart too`() throws {
        var rig = MachineRig(password: .none)
        try rig.follow(rig.machine.demand(now: rig.now), answer: .refused(.refusal))
        for _ in 0..<2 {
            let failure = try #require(rig.machine.lastError?.failure)
            #expect(failure.code == .loginRequired)
            #expect(failure.message.contains("another program uses this login"))
            #expect(failure.remedy == "quartilectl login --account ada@example.com")
            rig.restart()
        }
    }

    @Test func `a refusal of a refresh token whose own life is over is no sign of another program`() throws {
        var rig = MachineRig()
        rig.now = rig.now + .hours(14 * 24)
        try rig.follow(rig.machine.demand(now: rig.now), answer: .refused(.refusal))
        #expect(rig.stored.recent.last?.result == .refused)
        #expect(rig.machine.budget.refusalsOfUnspent == 0)
        #expect(rig.pending == .intent(.login))
    }

    @Test func `from the third such round within an hour the next login waits, and it is never login_required`() throws
    {
        var rig = MachineRig()
        var waits: [Milliseconds] = []
        for round in 1...9 {
            try rig.follow(rig.machine.force(now: rig.now), answer: .refused(.refusal))
            let refused = rig.now
            if rig.pending == .nothing {
                #expect(round >= 3)
                #expect(rig.machine.lastError?.failure.message.contains("another program") == true)
                #expect(rig.machine.lastError?.retryAt == rig.machine.deadline(seenAt: rig.now).map(rig.now.wall(at:)))
            }
            #expect(rig.machine.state(at: rig.now) == .degraded)
            try rig.nextAttempt(answer: rig.set("\(round)"))
            waits.append(rig.now.boot - refused.boot)
            rig.now = rig.now + .seconds(10)
        }
        #expect(waits == [0, 0, 1, 2, 4, 8, 16, 30, 30].map(Milliseconds.minutes))
    }

    // MARK: After a long absence

    @Test func `after a long absence logs in rather than present an old refresh token`() throws {
        var rig = MachineRig()
        rig.restart(after: .hours(12))
        try rig.nextAttempt(answer: .notSent(.unreachable))
        try rig.nextAttempt(answer: rig.set())
        #expect(rig.sent == [.login, .login])
        // Then it is as any other.
        try rig.nextAttempt(answer: rig.set("later"))
        #expect(rig.sent.last == .refresh)
    }

    @Test func `after a long absence presents the refresh token where no password works`() throws {
        var rig = MachineRig(password: .none)
        rig.restart(after: .hours(12))
        try rig.nextAttempt(answer: rig.set())
        #expect(rig.sent == [.refresh])
    }

    @Test func `after a long absence and a refused password presents the refresh token after all`() throws {
        var rig = MachineRig()
        rig.restart(after: .hours(12))
        try rig.nextAttempt(answer: .passwordRejected(.wrongPassword))
        try rig.nextAttempt(answer: rig.set())
        #expect(rig.sent == [.login, .refresh])
    }

    @Test func `a start while the token is good is no long absence`() throws {
        var rig = MachineRig()
        rig.restart(after: .hours(12) - 1)
        try rig.nextAttempt(answer: rig.set())
        #expect(rig.sent == [.refresh])
    }
}
