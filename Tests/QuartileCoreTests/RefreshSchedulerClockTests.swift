@testable import QuartileCore
import Testing

@Suite struct `Scheduler, clocks that are set` {
    static let steps: [Milliseconds] = [.hours(1), .hours(-1), .tenYears, .tenYears * -1]

    /// Answers every request that is under way after `delay`.
    private func settle(_ rig: inout SchedulerRig, delay: Milliseconds = Milliseconds(200)) throws {
        while let flight = rig.underWay.first {
            let sent = rig.now
            rig.advance(delay)
            _ = flight
            try rig.answer(.received(.made("set", at: sent.wall), sent: sent))
        }
    }

    @Test(arguments: steps)
    func `a step leads to at most two refreshes, and never to an expired token`(step: Milliseconds) throws {
        for hours in [0, 2, 6, 11] as [Int64] {
            var rig = SchedulerRig.withAda()
            rig.run(.hours(hours))
            rig.wake()
            try settle(&rig)
            let before = rig.requests
            rig.now = rig.now.steppedBy(step)
            // The timer that the step cancels.
            rig.wake()
            try settle(&rig)
            for _ in 0..<60 {
                let caller = rig.getToken()
                try settle(&rig)
                let tokens = try #require(rig.answer(to: caller)?.tokens)
                #expect(tokens.remaining(at: rig.now) > 0)
                #expect(rig.now.boot - tokens.issuedAtBoot < .hours(12))
                rig.run(.seconds(10))
                try settle(&rig)
            }
            #expect(rig.requests - before <= 2)
        }
    }

    @Test(arguments: steps)
    func `a step does not begin the hour of a used up login budget anew`(step: Milliseconds) throws {
        var rig = SchedulerRig.withAda()
        let began = rig.now.boot
        rig.refresh()
        // A refresh and twelve logins.
        for count in 1...13 {
            try rig.answer(.ambiguous(.broken, unread: Secret("{}")))
            while count < 13, rig.underWay.isEmpty { try rig.runToNextDeadline() }
        }
        rig.run(Backoff.ceiling)
        rig.now = rig.now.steppedBy(step)
        rig.wake()
        rig.run(began + .minutes(59) - rig.now.boot)
        #expect(rig.requests == 13)
        rig.run(.minutes(2))
        #expect(rig.requests == 14)
    }

    @Test(arguments: steps)
    func `a step while a request is under way leads to at most two refreshes`(step: Milliseconds) throws {
        var rig = SchedulerRig.withAda()
        rig.advance(.hours(12))
        let caller = rig.getToken()
        let sent = rig.now
        rig.now = (rig.now + .seconds(1)).steppedBy(step)
        rig.wake()
        try rig.answer(.received(.made("set", at: sent.wall), sent: sent))
        rig.run(.seconds(1))
        try settle(&rig)
        rig.run(.minutes(1))
        try settle(&rig)
        #expect(rig.requests <= 3)
        let tokens = try #require(rig.answer(to: caller)?.tokens)
        #expect(tokens.remaining(at: rig.now) > 0)
        #expect(try rig.ada.state(at: rig.now) == .active)
    }

    @Test func `a step forward brings a refresh forward, once the step is noticed`() throws {
        var rig = SchedulerRig.withAda()
        rig.wake()
        rig.now = (rig.now + .hours(5)).steppedBy(.hours(6))
        #expect(rig.requests == 0)
        rig.wake()
        #expect(rig.requests == 1)
    }

    @Test func `a step before the first wake is noticed as well`() throws {
        var rig = SchedulerRig.withAda()
        rig.now = rig.now.steppedBy(.hours(11))
        rig.wake()
        #expect(rig.requests == 1)
    }

    @Test func `a step there and back leaves the deadline where it was`() throws {
        var rig = SchedulerRig.withAda()
        let due = try #require(rig.scheduler.nextDeadline)
        for step in [Milliseconds.hours(2), .hours(-2)] {
            rig.now = rig.now.steppedBy(step)
            rig.wake()
        }
        #expect(rig.scheduler.nextDeadline == due)
        #expect(rig.requests == 0)
    }

    @Test func `a clock that is slewed a little at a time is noticed as well`() throws {
        var rig = SchedulerRig.withAda()
        let due = try #require(rig.scheduler.nextDeadline)
        // Looked at once a minute, as the shell does; fast by 30 ms each time, 15 s in all.
        for _ in 0..<500 {
            rig.advance(.minutes(1))
            rig.now = rig.now.steppedBy(Milliseconds(30))
            rig.wake()
        }
        let reckoned = try #require(rig.scheduler.nextDeadline)
        #expect(abs((due - reckoned - .seconds(15)).count) <= 500)
    }

    @Test func `after thirteen hours of sleep the token is refreshed at the first wake`() throws {
        var rig = SchedulerRig.withAda()
        rig.wake()
        rig.advance(.hours(13))
        let caller = rig.getToken()
        #expect(rig.answer(to: caller) == nil)
        rig.wake()
        #expect(rig.requests == 1)
        try settle(&rig)
        #expect(rig.answer(to: caller)?.generation == 2)
    }

    @Test(arguments: steps)
    func `a step in a backoff makes it no longer and no caller waits past its time`(step: Milliseconds) throws {
        var rig = SchedulerRig.withAda(password: .none)
        rig.advance(.hours(12))
        for _ in 0..<9 {
            try rig.runToNextDeadline()
            try rig.answer(.ambiguous(.broken, unread: nil))
        }
        let retry = try #require(rig.scheduler.nextDeadline)
        rig.now = rig.now.steppedBy(step)
        rig.wake()
        #expect(rig.scheduler.nextDeadline == retry)
        let caller = rig.getToken(maxWait: .seconds(1))
        rig.run(.seconds(1))
        #expect(rig.answer(to: caller)?.failure != nil)
    }

    @Test(arguments: steps)
    func `a step does not hold logins for ever`(step: Milliseconds) throws {
        var rig = SchedulerRig.withAda()
        for _ in 0..<4 {
            rig.refresh()
            try rig.answer(.refused(.refusal))
            if rig.underWay.isEmpty { rig.run(.minutes(31)) }
            try settle(&rig)
        }
        rig.refresh()
        try rig.answer(.refused(.refusal))
        rig.now = rig.now.steppedBy(step)
        let before = try rig.ada.tokens.generation
        rig.run(.minutes(61))
        try settle(&rig)
        #expect(try rig.ada.tokens.generation > before)
    }
}
