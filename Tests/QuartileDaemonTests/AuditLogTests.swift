import Glibc
import Logging
import QuartileCore
import QuartileWire
import Synchronization
import Testing

@testable import QuartileDaemon

@Suite struct AuditLogTests {
    private let fixture: StoreFixture
    private let store: SQLiteTokenStore
    private let clock = ManualClock()
    private let world = World()
    private let log: AuditLog

    /// What the daemon around it is like.
    private final class World: Sendable {
        struct State {
            var accounts: Set<AccountName> = [.ada, .bob]
            var isBusy = false
            var scheduled: [(Milliseconds, @Sendable () -> Void)] = []
        }

        let state = Mutex(State())

        var surroundings: AuditLog.Surroundings {
            var surroundings = AuditLog.Surroundings(
                hasAccount: { name in self.state.withLock { $0.accounts.contains(name) } },
                areTokensUnderWay: { self.state.withLock { $0.isBusy } }
            )
            surroundings.schedule = { delay, body in self.state.withLock { $0.scheduled.append((delay, body)) } }
            return surroundings
        }

        var delays: [Milliseconds] { state.withLock { $0.scheduled.map(\.0) } }

        /// Lets the time come for what was scheduled first.
        func elapse() throws {
            let first = state.withLock { $0.scheduled.isEmpty ? nil : $0.scheduled.removeFirst() }
            try #require(first, "nothing is scheduled").1()
        }
    }

    init() throws {
        fixture = try StoreFixture()
        store = try fixture.open()
        try store.commit([.put(), .put(.bob)])
        log = AuditLog(store: store, surroundings: world.surroundings, clock: clock, log: fixture.logs.logger)
    }

    private let caller = Caller(
        peer: PeerCredentials(pid: 7, uid: 1_000, gid: 1_000),
        role: .owner,
        process: PeerProcess(executable: "/usr/bin/curl", unit: "backup.service")
    )

    private func entries(of account: AccountName? = nil, limit: Int = 100) async throws -> [AuditEntry] {
        try await log.entries(of: account, limit: limit)
    }

    private func stored(_ limit: Int = 100) throws -> [AuditEntry] { try store.audit(of: nil, limit: limit) }

    @Test func whatIsNewAndWhatIsStoredAreOneListWithTheNewestFirst() async throws {
        log.record(.getToken, of: .ada, error: nil, by: caller)
        log.flush()
        clock.advance(by: .seconds(1))
        log.record(.validate, of: .bob, error: .timeout, by: caller)
        clock.advance(by: .seconds(1))
        log.record(.status, of: nil, error: nil, by: caller)
        let entries = try await entries()
        #expect(entries.map(\.method) == ["status", "validate", "get_token"])
        #expect(entries.map(\.account) == [nil, .bob, .ada])
        #expect(entries.map(\.outcome) == ["ok", "timeout", "ok"])
        #expect(entries.allSatisfy { $0.process == caller.process && $0.pid == 7 && $0.uid == 1_000 && $0.count == 1 })
        #expect(try await self.entries(of: .ada).map(\.method) == ["get_token"])
        #expect(try await self.entries(of: .bob).map(\.method) == ["validate"])
        #expect(try await self.entries(limit: 1).map(\.method) == ["status"])
        #expect(try await self.entries(limit: 3).count == 3)
        log.flush()
        #expect(try await self.entries() == entries, "in the same order once all of it is stored")
    }

    @Test func nothingIsWrittenUntilItsTimeAndNothingIsScheduledWithoutACall() throws {
        #expect(world.delays == [])
        log.record(.getToken, of: .ada, error: nil, by: caller)
        log.record(.getToken, of: .bob, error: nil, by: caller)
        #expect(world.delays == [AuditLog.writingTime])
        #expect(try stored() == [])
        try world.elapse()
        log.flush()
        #expect(try stored().count == 2)
        #expect(world.delays == [])
        log.record(.getToken, of: .ada, error: nil, by: caller)
        #expect(world.delays == [AuditLog.writingTime])
    }

    @Test func tokensGoFirstButNotForEver() async throws {
        world.state.withLock { $0.isBusy = true }
        log.record(.getToken, of: .ada, error: nil, by: caller)
        for _ in 0..<AuditLog.mostDeferrals {
            try world.elapse()
            // Behind it on the queue.
            #expect(try await entries().count == 1)
            #expect(try stored() == [])
            #expect(world.delays == [AuditLog.deferral])
        }
        try world.elapse()
        #expect(try await entries().count == 1)
        #expect(try stored().count == 1)
        #expect(world.delays == [])
    }

    @Test func aNameThatIsNoAccountIsNotKept() async throws {
        let stranger = try #require(AccountName("made-up"))
        log.record(.getToken, of: stranger, error: .accountNotFound, by: caller)
        log.record(.audit, of: stranger, error: nil, by: caller)
        // Asked for what is there and not theirs: the owner wants to know.
        log.record(.getToken, of: .ada, error: .accountNotFound, by: caller)
        #expect(Set(try await entries().map(\.account)) == [nil, .ada])
        log.flush()
        #expect(Set(try stored().map(\.account)) == [nil, .ada])
    }

    @Test func aRemovedAccountTakesItsEntriesAlong() async throws {
        log.record(.getToken, of: .ada, error: nil, by: caller)
        log.flush()
        log.record(.validate, of: .ada, error: nil, by: caller)
        log.record(.validate, of: .bob, error: nil, by: caller)
        world.state.withLock { _ = $0.accounts.remove(.ada) }
        try store.commit([.removeAccount(.ada)])
        log.forget(.ada)
        #expect(try await entries().map(\.account) == [.bob])
        log.flush()
        #expect(try stored().map(\.account) == [.bob])
    }

    @Test func anEntryThatIsWrittenAfterItsAccountWentLosesTheName() throws {
        log.record(.getToken, of: .ada, error: nil, by: caller)
        try store.commit([.removeAccount(.ada)])
        log.flush()
        #expect(try stored().map(\.account) == [nil])
    }

    @Test func whatCouldNotBeWrittenIsShownAndTriedAgain() async throws {
        log.record(.getToken, of: .ada, error: nil, by: caller)
        log.record(.getToken, of: .bob, error: nil, by: caller)
        try store.close()
        log.flush()
        #expect(world.delays == [AuditLog.writingTime, AuditLog.retryTime])
        log.forget(.ada)
        await #expect(throws: RequestFailure.self) { try await entries() }
        #expect(try await entries(of: .bob, limit: 1).count == 1, "what is in memory needs no store")
        #expect(try await entries(limit: 1).map(\.account) == [.bob])
    }
}
