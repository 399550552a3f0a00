@testable import QuartileCore
import Testing

@Suite struct `Scheduler, accounts` {
    private let bob = AccountName.named("bob@example.com")

    @Test func `wakes ten thousand accounts in the order of their deadlines`() throws {
        var rig = SchedulerRig()
        var random = SplitMix64(seed: 5)
        let names = (0..<10_000).map { AccountName.named("account-\($0)") }
        for name in names {
            rig.add(name, life: .minutes(.random(in: 10...1000, using: &random)))
        }
        var due: [AccountName: BootTime] = [:]
        for name in names { due[name] = rig.scheduler[name]?.deadline(seenAt: rig.now) }
        var order: [AccountName] = []
        while let next = rig.scheduler.nextDeadline {
            rig.now = rig.now + (next - rig.now.boot)
            rig.wake()
            for flight in rig.underWay {
                #expect(due[flight.account] == rig.now.boot)
                order.append(flight.account)
            }
            rig.underWay = []
        }
        #expect(order.count == 10_000)
        #expect(Set(order).count == 10_000)
        #expect(order == order.sorted { (due[$0] ?? rig.now.boot, $0) < (due[$1] ?? rig.now.boot, $1) })
    }

    @Test func `starts what is due of ten thousand accounts in one wake, after a sleep`() {
        var rig = SchedulerRig()
        for index in 0..<10_000 { rig.add(.named("account-\(index)")) }
        rig.advance(.hours(13))
        rig.wake()
        #expect(rig.requests == 10_000)
        #expect(rig.scheduler.nextDeadline == nil)
    }

    @Test func `lists its accounts by name`() {
        var rig = SchedulerRig()
        for text in ["c", "a", "b"] { rig.add(.named(text)) }
        #expect(rig.scheduler.accounts.map(\.text) == ["a", "b", "c"])
    }

    @Test func `accounts do not touch each other`() throws {
        var rig = SchedulerRig.withAda()
        rig.add(bob)
        rig.advance(.hours(12))
        let callers = [rig.getToken(), rig.getToken(bob)]
        #expect(rig.underWay.map(\.account) == [.ada, bob])
        try rig.answer(.refused(.refusal))
        try rig.answerWithSet()
        #expect(rig.answer(to: callers[0]) == nil)
        #expect(rig.answer(to: callers[1])?.generation == 2)
        #expect(rig.scheduler[bob]?.lastError == nil)
    }

    // MARK: Removal

    @Test func `removal tells its callers, and the late answer is dropped`() throws {
        var rig = SchedulerRig.withAda()
        rig.advance(.hours(12))
        let callers = [rig.getToken(), rig.refresh()]
        rig.take(rig.scheduler.remove(.ada))
        for caller in callers { #expect(rig.answer(to: caller)?.isUnknownAccount == true) }
        #expect(rig.freed == [.ada, .ada])
        try rig.answerWithSet()
        #expect(rig.scheduler[.ada] == nil)
        #expect(rig.scheduler.accounts.isEmpty)
        rig.run(.hours(24))
        #expect(rig.requests == 1)
    }

    @Test func `removal of an account that is not there does nothing`() {
        var rig = SchedulerRig.withAda()
        rig.take(rig.scheduler.remove(bob))
        #expect(rig.scheduler.accounts == [.ada])
    }

    @Test(arguments: [true, false])
    func `an account made anew under the same name drops the answer of the old one`(inFlight: Bool) throws {
        var rig = SchedulerRig.withAda()
        rig.advance(.hours(12))
        rig.getToken()
        let old = try #require(rig.underWay.first)
        rig.take(rig.scheduler.remove(.ada))
        rig.add(.ada)
        if inFlight {
            // The new one's first flight has the number and the generation of the old one's.
            rig.refresh()
            #expect(rig.underWay.count == 2)
        }
        let before = try rig.ada.tokens
        try rig.answerWithSet()
        #expect(try rig.ada.tokens == before)
        #expect(try rig.ada.isInFlight == inFlight)
        for failure in [nil, Failure.diskFull] {
            let effects = rig.scheduler.committed(old, failure: failure, now: rig.now, using: &rig.random)
            #expect(effects.actions.isEmpty)
        }
    }

    @Test func `a removed account's deadlines wake nothing`() {
        var rig = SchedulerRig.withAda()
        rig.add(bob, life: .hours(20))
        rig.take(rig.scheduler.remove(.ada))
        rig.run(.hours(12))
        #expect(rig.requests == 0)
        rig.run(.hours(8))
        #expect(rig.underWay.map(\.account) == [bob])
    }

    // MARK: The user's own login

    @Test func `callers that need a new token wait for the user's login and get its set`() throws {
        var rig = SchedulerRig.withAda()
        rig.advance(.hours(12))
        #expect(rig.scheduler.hold(.ada) == true)
        let caller = rig.getToken()
        #expect(rig.answer(to: caller) == nil)
        #expect(rig.requests == 0)
        rig.add(.ada, generation: 2)
        #expect(rig.answer(to: caller)?.generation == 2)
        #expect(rig.requests == 0)
    }

    @Test func `callers get a refresh once the user's login has come to nothing`() throws {
        var rig = SchedulerRig.withAda()
        rig.advance(.hours(12))
        #expect(rig.scheduler.hold(.ada) == true)
        let caller = rig.getToken()
        rig.take(rig.scheduler.release(.ada, now: rig.now))
        #expect(rig.requests == 1)
        try rig.answerWithSet()
        #expect(rig.answer(to: caller)?.generation == 2)
    }

    @Test func `the user's login is not held for an account that is new`() {
        var rig = SchedulerRig()
        #expect(rig.scheduler.hold(bob) == true)
    }

    @Test func `the user's login waits for a flight and is told when that has ended`() throws {
        var rig = SchedulerRig.withAda()
        rig.refresh()
        #expect(rig.scheduler.hold(.ada) == false)
        rig.freed = []
        try rig.answerWithSet()
        #expect(rig.freed.contains(.ada))
        #expect(rig.scheduler.hold(.ada) == true)
        #expect(rig.scheduler.isAnythingInFlight)
    }

    @Test func `new credentials bring waiting callers a token`() throws {
        var rig = SchedulerRig.withAda()
        rig.advance(.hours(12))
        rig.getToken()
        try rig.answer(.refused(.refusal))
        try rig.answer(.passwordRejected(.wrongPassword))
        #expect(rig.scheduler.hold(.ada) == true)
        let caller = rig.getToken()
        #expect(rig.answer(to: caller) == nil)
        rig.take(rig.scheduler.credentialsChanged(.made(.ada), password: .stored, now: rig.now))
        try rig.answerWithSet()
        #expect(rig.answer(to: caller)?.generation == 2)
    }

    // MARK: A store that fails

    @Test func `what could not be saved is saved at the end, without waiting`() throws {
        var rig = SchedulerRig.withAda()
        rig.add(bob)
        rig.refresh()
        rig.refresh(bob)
        rig.storeFailure = .diskFull
        try rig.answerWithSet()
        rig.storeFailure = nil
        try rig.answerWithSet()
        #expect(rig.scheduler.isAnythingUncommitted)
        let effects = rig.scheduler.retryUncommitted(now: rig.now)
        #expect(effects.actions.map(\.asked) == [.save])
        #expect(effects.actions.first?.change?.account == .ada)
        rig.take(effects)
        #expect(!rig.scheduler.isAnythingUncommitted)
        #expect(!rig.scheduler.isStorageFailing)
        #expect(rig.requests == 2)
    }

    @Test func `an intent that can't be written is a failing store, and nothing to save at the end`() throws {
        var rig = SchedulerRig.withAda()
        rig.storeFailure = .diskFull
        rig.refresh()
        #expect(rig.scheduler.isStorageFailing)
        #expect(!rig.scheduler.isAnythingUncommitted)
        #expect(rig.scheduler.retryUncommitted(now: rig.now).actions.isEmpty)
    }

    // MARK: Starting

    @Test func `restores an account with an open intent and closes that first`() throws {
        var rig = SchedulerRig()
        let stored = StoredAccount(
            account: .made(),
            tokens: .made(3),
            refreshToken: .ambiguous,
            password: .stored,
            openIntent: Intent(generation: 3, operation: .refresh, at: rig.now.wall)
        )
        let effects = rig.scheduler.restore(stored, now: rig.now, using: &rig.random)
        #expect(effects.actions.map(\.asked) == [.record])
        let caller = rig.getToken()
        #expect(rig.answer(to: caller)?.generation == 3)
        rig.take(effects)
        rig.run(.seconds(1))
        #expect(rig.underWay.map(\.operation) == [.login])
    }

    @Test func `refreshes by itself as short-lived tokens come due`() throws {
        var rig = SchedulerRig.withAda(life: .seconds(8), margin: .seconds(2))
        for generation in 2...100 as ClosedRange<Generation> {
            let before = rig.now
            rig.run(.seconds(6))
            #expect(rig.now.boot - before.boot == .seconds(6))
            try rig.answerWithSet(life: .seconds(8))
            #expect(try rig.ada.tokens.generation == generation)
        }
        #expect(rig.requests == 99)
    }
}
