import QuartileCore
import Testing

@Suite struct `A rejected token` {
    @Test func `that is the newest is replaced`() throws {
        var rig = SchedulerRig.withAda()
        let waiter = rig.reject(.generation(1))
        #expect(rig.rejection(of: waiter) == nil)
        try rig.answerWithSet()
        #expect(rig.rejection(of: waiter) == .refreshed(2))
        #expect(rig.requests == 1)
    }

    @Test func `is known by its text as well`() throws {
        var rig = SchedulerRig.withAda()
        let waiter = rig.reject(.accessToken(Secret("access-1")))
        try rig.answerWithSet()
        #expect(rig.rejection(of: waiter) == .refreshed(2))
    }

    @Test(arguments: [
        RefreshScheduler.Rejected.generation(1), .generation(7), .accessToken(Secret("access-1")),
        .accessToken(Secret("of another account")), .accessToken(Secret("")),
    ])
    func `that is not the newest causes no request`(rejected: RefreshScheduler.Rejected) {
        var rig = SchedulerRig()
        rig.add(.ada, generation: 2)
        let waiter = rig.reject(rejected)
        #expect(rig.rejection(of: waiter) == .alreadyReplaced(2))
        #expect(rig.requests == 0)
    }

    @Test func `is not replaced within thirty seconds of a refresh, and is after them`() throws {
        var rig = SchedulerRig.withAda()
        rig.refresh()
        try rig.answerWithSet()
        rig.advance(.seconds(30))
        let rejected = rig.reject(.generation(2))
        #expect(rig.rejection(of: rejected) == .tooSoon(2))
        #expect(rig.requests == 1)
        rig.advance(1)
        let waiter = rig.reject(.generation(2))
        try rig.answerWithSet()
        #expect(rig.rejection(of: waiter) == .refreshed(3))
    }

    @Test func `may be replaced right after a login or import, which is no refresh`() {
        var rig = SchedulerRig.withAda()
        rig.reject(.generation(1))
        #expect(rig.requests == 1)
    }

    @Test func `is not replaced right after a login of the daemon's own, which stood in for a refresh`() throws {
        var rig = SchedulerRig.withAda()
        rig.refresh()
        try rig.answer(.refused(.refusal))
        try rig.answerWithSet()
        let rejected = rig.reject(.generation(2))
        #expect(rig.rejection(of: rejected) == .tooSoon(2))
        #expect(rig.requests == 2)
    }

    @Test func `is replaced once, however many callers saw it refused`() throws {
        var rig = SchedulerRig.withAda()
        let waiters = (0..<100).map { _ in rig.reject(.generation(1)) }
        try rig.answerWithSet()
        for waiter in waiters { #expect(rig.rejection(of: waiter) == .refreshed(2)) }
        #expect(rig.requests == 1)
    }

    @Test func `answers with the error of a refresh that fails, and skips no backoff`() throws {
        var rig = SchedulerRig.withAda()
        let first = rig.reject(.generation(1))
        try rig.answer(.notSent(.unreachable))
        #expect(rig.rejection(of: first) == .failed)
        let second = rig.reject(.generation(1))
        #expect(rig.rejection(of: second) == .failed)
        #expect(rig.requests == 1)
    }

    @Test func `of an account that is not there`() {
        var rig = SchedulerRig()
        let rejected = rig.reject(.generation(1))
        #expect(rig.rejection(of: rejected) == .unknownAccount)
    }

    @Test func `is not replaced within thirty seconds of a refresh before a restart`() throws {
        var rig = SchedulerRig()
        let refreshed = HistoryEntry(at: rig.now.wall, event: .refresh, result: .received)
        rig.restore(StoredAccount(account: .made(), tokens: .made(3), password: .stored, recent: [refreshed]))
        rig.advance(.seconds(29))
        let rejected = rig.reject(.generation(3))
        #expect(rig.rejection(of: rejected) == .tooSoon(3))
        rig.advance(.seconds(2))
        rig.reject(.generation(3))
        #expect(rig.requests == 1)
    }
}

/// What a caller that rejected a token was told.
private enum Told: Equatable {
    case refreshed(Generation), alreadyReplaced(Generation), tooSoon(Generation), failed, unknownAccount, timeout
}

extension SchedulerRig {
    /// Nil while it waits.
    fileprivate func rejection(of waiter: RefreshScheduler.WaiterID) -> Told? {
        switch rejections[waiter] {
        case .alreadyReplaced(let generation): .alreadyReplaced(generation)
        case .tooSoon(let generation): .tooSoon(generation)
        case .unknownAccount: .unknownAccount
        case .refresh(let answer): told(answer)
        case nil: told(answer(to: waiter))
        }
    }

    private func told(_ answer: RefreshScheduler.Answer?) -> Told? {
        switch answer {
        case .token(let tokens, _, _): .refreshed(tokens.generation)
        case .failure: .failed
        case .timeout: .timeout
        case .unknownAccount: .unknownAccount
        case nil: nil
        }
    }
}
