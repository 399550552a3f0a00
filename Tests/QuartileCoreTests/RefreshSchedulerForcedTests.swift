@testable import QuartileCore
import Testing

@Suite struct `Scheduler, forced refreshes` {
    @Test func `a forced refresh is not answered with the token in hand`() throws {
        var rig = SchedulerRig.withAda()
        let caller = rig.refresh()
        #expect(rig.answer(to: caller) == nil)
        #expect(rig.requests == 1)
        try rig.answerWithSet()
        #expect(rig.answer(to: caller)?.generation == 2)
    }

    @Test func `a forced refresh that fails says so, though the token is good`() throws {
        var rig = SchedulerRig.withAda()
        let caller = rig.refresh()
        try rig.answer(.ambiguous(.broken, unread: nil))
        #expect(rig.answer(to: caller)?.failure?.failure == .broken)
    }

    @Test func `a forced refresh skips our backoff`() throws {
        var rig = SchedulerRig.withAda()
        rig.refresh()
        try rig.answer(.notSent(.unreachable))
        let caller = rig.refresh()
        #expect(rig.requests == 2)
        try rig.answerWithSet()
        #expect(rig.answer(to: caller)?.generation == 2)
    }

    @Test func `a forced refresh does not skip what the API asked for, and says until when`() throws {
        var rig = SchedulerRig.withAda()
        rig.refresh()
        try rig.answer(.notSent(.throttled(.minutes(20))))
        rig.advance(.minutes(5))
        let caller = rig.refresh()
        #expect(rig.answer(to: caller)?.failure?.failure.code == .upstreamUnavailable)
        #expect(rig.answer(to: caller)?.failure?.retryAt == rig.now.wall + .minutes(15))
        #expect(rig.requests == 1)
    }

    @Test func `forced refreshes share a flight`() throws {
        var rig = SchedulerRig.withAda()
        let callers = (0..<10).map { _ in rig.refresh() }
        try rig.answerWithSet()
        for caller in callers { #expect(rig.answer(to: caller)?.generation == 2) }
        #expect(rig.requests == 1)
    }

    @Test func `a forced refresh whose time runs out is a timeout, though the token is good`() {
        var rig = SchedulerRig.withAda()
        let caller = rig.refresh(maxWait: .seconds(5))
        rig.run(.seconds(5))
        #expect(rig.answer(to: caller)?.isTimeout == true)
    }

    @Test func `a forced refresh that must wait for the login budget says so`() throws {
        var rig = SchedulerRig.withAda()
        rig.refresh()
        try rig.answer(.refused(.refusal))
        for _ in 0..<12 {
            try rig.answer(.refused(Failure(.upstreamRejected, "malformed")))
            if rig.underWay.isEmpty { rig.refresh() }
        }
        let caller = rig.refresh()
        #expect(rig.answer(to: caller)?.failure?.failure.code == .upstreamUnavailable)
        #expect(rig.answer(to: caller)?.failure?.retryAt == rig.now.wall + .hours(1))
    }
}

@Suite struct `A refresh that a user forces right after a start` {
    @Test func `is made once the flight that was cut off is on record`() throws {
        var rig = SchedulerRig()
        var stored = StoredAccount(account: .made(), tokens: .made(), password: .stored)
        stored.openIntent = Intent(generation: 1, operation: .refresh, at: rig.now.wall)
        stored.refreshToken = .ambiguous
        let record = rig.scheduler.restore(stored, now: rig.now, using: &rig.random)
        let waiter = rig.refresh()
        rig.take(record)
        #expect(rig.answer(to: waiter) == nil)
        #expect(rig.underWay.map(\.operation) == [.login])
        try rig.answerWithSet()
        #expect(rig.answer(to: waiter)?.generation == 2)
    }

    @Test func `waits out what the API asked for`() {
        var rig = SchedulerRig()
        var stored = StoredAccount(account: .made(), tokens: .made(), password: .stored)
        stored.openIntent = Intent(generation: 1, operation: .refresh, at: rig.now.wall)
        stored.refreshToken = .ambiguous
        stored.stayAwayUntil = rig.now.wall + .minutes(5)
        let record = rig.scheduler.restore(stored, now: rig.now, using: &rig.random)
        let waiter = rig.refresh()
        rig.take(record)
        #expect(rig.answer(to: waiter)?.failure != nil)
        #expect(rig.requests == 0)
    }
}
