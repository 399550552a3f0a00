import QuartileCore
import Testing

@Suite struct `A wait that the API asks for` {
    private static let bob = AccountName.named("bob@example.com")

    @Test func `holds for every account of the subscription key`() throws {
        var rig = SchedulerRig.withAda()
        rig.add(Self.bob)
        rig.refresh()
        try rig.answer(.turnedAway(.throttled(.minutes(20))))
        let waiter = rig.refresh(Self.bob)
        let error = try #require(rig.answer(to: waiter)?.failure)
        let wait = try #require(error.retryAt) - rig.now.wall
        #expect((Milliseconds.minutes(20)...Milliseconds.minutes(22)).contains(wait))
        #expect(error.failure.message.contains("slow down"))
        #expect(rig.requests == 1)
    }

    @Test func `is not prolonged by the answer to a request of another account that was under way`() throws {
        var rig = SchedulerRig.withAda()
        rig.add(Self.bob)
        rig.refresh()
        rig.refresh(Self.bob)
        try rig.answer(.turnedAway(.throttled(.minutes(20))))
        try rig.answerWithSet()
        #expect(try rig.ada.retryAfter(at: rig.now) == rig.now.boot + .minutes(20))
    }

    @Test func `holds for all though the account that is asked was told of a longer one`() throws {
        var rig = SchedulerRig.withAda()
        rig.add(Self.bob)
        rig.refresh()
        rig.refresh(Self.bob)
        try rig.answer(.turnedAway(.throttled(.hours(1))))
        let bobs = try #require(rig.scheduler[Self.bob]?.retryAfter(at: rig.now))
        let between = (bobs - rig.now.boot + .hours(1)) / 2
        try rig.answer(.turnedAway(.throttled(between)))
        let adas = try #require(try rig.ada.retryAfter(at: rig.now))
        #expect(adas >= rig.now.boot + between)
    }

    @Test func `prolongs the backoff of another account of the key`() throws {
        var rig = SchedulerRig.withAda()
        rig.add(Self.bob)
        rig.refresh(Self.bob)
        try rig.answer(.notSent(.unreachable))
        rig.refresh()
        try rig.answer(.turnedAway(.throttled(.minutes(20))))
        rig.run(.minutes(19))
        #expect(rig.requests == 2)
        rig.run(.minutes(4))
        #expect(rig.requests == 4)
    }

    @Test func `does not hold for another key, nor for the same key at another host`() throws {
        var rig = SchedulerRig.withAda()
        var other = Account.made(Self.bob)
        other.subscriptionKey = Secret("ffffffffffffffffffffffffffffffff")
        rig.add(other)
        var elsewhere = Account.made(.named("eve@example.com"))
        elsewhere.baseURL = "https://api.example.org"
        rig.add(elsewhere)
        rig.refresh()
        try rig.answer(.turnedAway(.throttled(.minutes(20))))
        rig.refresh(other.name)
        rig.refresh(elsewhere.name)
        #expect(rig.requests == 3)
    }

    @Test func `holds for an account that comes to the key later`() throws {
        var rig = SchedulerRig.withAda()
        rig.refresh()
        try rig.answer(.turnedAway(.throttled(.minutes(20))))
        rig.add(Self.bob)
        rig.refresh(Self.bob)
        #expect(rig.requests == 1)
    }

    @Test func `is not waited out with a new subscription key`() throws {
        var rig = SchedulerRig.withAda()
        rig.refresh()
        try rig.answer(.turnedAway(.throttled(.minutes(20))))
        var account = Account.made()
        account.subscriptionKey = Secret("ffffffffffffffffffffffffffffffff")
        let held = rig.scheduler.hold(.ada)
        #expect(held)
        rig.take(rig.scheduler.credentialsChanged(account, password: .stored, now: rig.now))
        #expect(rig.requests == 2)
    }

    @Test func `outlives a restart, and holds for the others of the key from then on`() {
        var rig = SchedulerRig()
        rig.restore(StoredAccount(account: .made(Self.bob), tokens: .made(life: .hours(1)), password: .stored))
        var stored = StoredAccount(account: .made(), tokens: .made(), password: .stored)
        stored.lastError = LastError(.throttled(.minutes(20)), at: rig.now.wall, retryAt: rig.now.wall + .minutes(20))
        stored.stayAwayUntil = rig.now.wall + .minutes(20)
        rig.restore(stored)
        rig.refresh()
        rig.refresh(Self.bob)
        rig.run(.minutes(19))
        #expect(rig.requests == 0)
        rig.run(.minutes(4))
        #expect(rig.requests == 2)
    }

    @Test func `is at most an hour after a restart, whatever was done to the clock`() {
        var rig = SchedulerRig()
        var stored = StoredAccount(account: .made(), tokens: .made(life: .hours(1)), password: .stored)
        stored.stayAwayUntil = rig.now.wall + .tenYears
        rig.restore(stored)
        rig.run(.minutes(59))
        #expect(rig.requests == 0)
        rig.run(.minutes(2))
        #expect(rig.requests == 1)
    }

    @Test func `holds as well where the user's own request was told of it`() {
        var rig = SchedulerRig.withAda()
        rig.take(rig.scheduler.stayAway(.made(Self.bob), for: .minutes(20), now: rig.now, using: &rig.random))
        rig.refresh()
        #expect(rig.requests == 0)
        rig.run(.minutes(23))
        #expect(rig.requests == 1)
    }

    @Test func `is no reason to ask again while a caller waits`() throws {
        var rig = SchedulerRig.withAda()
        rig.advance(.hours(12))
        rig.getToken(maxWait: .minutes(20))
        for _ in 0..<8 { try rig.failAndRetry(with: .turnedAway(.broken)) }
        try rig.answer(.turnedAway(.broken))
        let before = rig.requests
        rig.run(.seconds(12))
        #expect(rig.requests == before)
    }
}

@Suite struct `A request that never reached the API` {
    @Test func `is made again every ten seconds while a caller waits`() throws {
        var rig = SchedulerRig.withAda()
        rig.advance(.hours(12))
        rig.getToken(maxWait: .minutes(20))
        for _ in 0..<8 { try rig.failAndRetry(with: .notSent(.unreachable)) }
        try rig.answer(.notSent(.unreachable))
        let before = rig.requests
        rig.run(.seconds(12))
        #expect(rig.requests == before + 1)
    }
}
