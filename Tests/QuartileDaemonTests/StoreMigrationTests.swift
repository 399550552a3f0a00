import Glibc
import QuartileCore
import Testing

@testable import QuartileDaemon

/// The way to a later version, tried with versions that do not exist yet.
struct StoreMigrationTests {
    let fixture: StoreFixture
    let next = SQLiteSchema.current.version + 1
    var copy: String { fixture.path + ".before-v\(next)" }

    init() throws {
        fixture = try StoreFixture()
        try fixture.commit(.put(), .put(.bob))
    }

    @Test func accountsComeAlong() throws {
        let store = try fixture.open(schema: .current.adding("ALTER TABLE accounts ADD COLUMN note TEXT"))
        #expect(try store.load(now: .start).accounts.map(\.account.name) == [.ada, .bob])
        try store.commit([.saveTokens(.ada, .example(2), .example(after: 1))])
        try store.close()
        #expect(try fixture.read("PRAGMA user_version", as: Int.self) == next)
    }

    @Test func copyOfTheOlderVersionIsKeptAndTakesTheWayBack() throws {
        let newer = SQLiteSchema.current.adding("ALTER TABLE accounts ADD COLUMN note TEXT")
        let store = try fixture.open(schema: newer)
        try store.commit([.saveTokens(.ada, .example(2), .example(after: 1))])
        try store.close()
        #expect(try PrivateFiles.status(copy).map { $0.st_mode & 0o7777 } == 0o600)
        #expect(try PrivateFiles.status(copy + ".new") == nil)
        guard case .newerSchema? = refusal({ try fixture.open() }) else {
            Issue.record("the older program took the newer file")
            return
        }
        try PrivateFiles.rename(copy, to: fixture.path)
        let contents = try fixture.load()
        #expect(contents.accounts.map(\.account.name) == [.ada, .bob])
        #expect(contents.accounts.first?.tokens == .example(1))
    }

    @Test func openingAgainMakesNoCopy() throws {
        let newer = SQLiteSchema.current.adding("ALTER TABLE accounts ADD COLUMN note TEXT")
        try fixture.open(schema: newer).close()
        try PrivateFiles.remove(copy)
        try fixture.open(schema: newer).close()
        #expect(try PrivateFiles.status(copy) == nil)
    }

    @Test func newDatabaseNeedsNoCopy() throws {
        let other = try StoreFixture()
        try other.open(schema: .current.adding("ALTER TABLE accounts ADD COLUMN note TEXT")).close()
        #expect(try other.read("PRAGMA user_version", as: Int.self) == next)
        #expect(try PrivateFiles.status(other.path + ".before-v\(next)") == nil)
    }

    @Test func stepThatFailsLeavesTheVersionBeforeAll() throws {
        let broken = SQLiteSchema.current.adding(
            "ALTER TABLE accounts ADD COLUMN note TEXT",
            "CREATE TABLE extra (id INTEGER); DELETE FROM accounts; INSERT INTO nowhere VALUES (1)"
        )
        guard case .failed? = refusal({ try fixture.open(schema: broken) }) else {
            Issue.record("not refused")
            return
        }
        #expect(try fixture.read("PRAGMA user_version", as: Int.self) == SQLiteSchema.current.version)
        #expect(try fixture.read("SELECT count(*) FROM accounts", as: Int.self) == 2)
        #expect(try fixture.read("SELECT count(*) FROM sqlite_schema WHERE name = 'extra'", as: Int.self) == 0)
        #expect(try PrivateFiles.status(fixture.path + ".before-v\(next + 1)") != nil)
    }

    @Test func wrongKeyComesBeforeAnyMigration() throws {
        let before = try fixture.bytes()
        try PrivateFiles.remove(fixture.keyPath)
        _ = try KeyFile(path: fixture.keyPath).keyForNewDatabase()
        guard case .wrongKey? = refusal({ try fixture.open(schema: .current.adding("DROP TABLE history")) }) else {
            Issue.record("not refused")
            return
        }
        #expect(try fixture.bytes() == before)
        #expect(try PrivateFiles.status(copy) == nil)
    }

    @Test func removedAccountLeavesTheCopyAsWell() throws {
        let store = try fixture.open(schema: .current.adding("ALTER TABLE accounts ADD COLUMN note TEXT"))
        #expect(try fixture.bytes(at: copy).holds(AccountName.ada.text))
        try store.commit([.removeAccount(.ada)])
        try store.close()
        #expect(try fixture.bytes(at: copy).holds(AccountName.ada.text) == false)
        #expect(try fixture.bytes(at: copy).holds(AccountName.bob.text))
    }
}

/// The way from the first version.
struct StoreVersion1Tests {
    let fixture: StoreFixture
    let newest = SQLiteSchema.current.version
    var copy: String { fixture.path + ".before-v\(newest)" }
    let now = Moment(wall: UnixTime(seconds: 1_795_620_000), boot: BootTime(milliseconds: 5_000_000))

    init() throws {
        fixture = try StoreFixture()
        try fixture.put(Array(StoreVersion1.key.utf8), at: fixture.keyPath)
        try PrivateFiles.makeDirectory(PrivateFiles.parent(of: fixture.path))
        try fixture.tamper(StoreVersion1.database)
    }

    @Test func accountsComeAlongWithNothingToTellOf() throws {
        let contents = try fixture.load(now: now)
        #expect(contents.damaged.isEmpty)
        #expect(contents.accounts.map(\.account.name) == [.ada, .bob])
        let refreshTokens = ["refresh-of-ada", "refresh-of-bob"].map { Secret($0) }
        #expect(contents.accounts.map(\.tokens.set.refreshToken) == refreshTokens)
        #expect(contents.accounts.map { $0.openIntent?.operation } == [.refresh, nil])
        #expect(contents.accounts.allSatisfy { $0.recent.count == 2 })
        #expect(contents.accounts.allSatisfy { $0.lastError == nil && $0.stayAwayUntil == nil })
        #expect(try fixture.read("PRAGMA user_version", as: Int.self) == newest)
    }

    @Test func everyChangeIsTaken() throws {
        let store = try fixture.open()
        try store.commit([
            .recordFailure(
                .ada,
                .unspent,
                .none,
                unread: nil,
                .example(.refresh, .turnedAway),
                told: .example,
                stayAwayUntil: now.wall
            ),
            .saveTokens(.bob, .example(2), .example()), .put(.ada, generation: 2), .removeAccount(.bob),
        ])
        try store.close()
        #expect(try fixture.account().tokens == .example(2))
    }

    @Test func copyHoldsWhatTheFirstVersionWrote() throws {
        let before = try tables()
        try fixture.open().close()
        try PrivateFiles.rename(copy, to: fixture.path)
        #expect(try fixture.read("PRAGMA user_version", as: Int.self) == 1)
        #expect(try fixture.read("PRAGMA application_id", as: Int32.self) == SQLiteSchema.applicationID)
        #expect(try tables() == before)
    }

    /// A power loss or a kill before any call that writes: the next start finds the first version or the newest, and
    /// all that it held.
    @Test func migrationThatIsCutOffLeavesOneVersionOrTheOther() throws {
        let bytes = try fixture.bytes()
        var found: Set<Int> = []
        for call in 0... {
            let machine = try StoreFixture()
            try machine.put(bytes, at: machine.path)
            try machine.put(Array(StoreVersion1.key.utf8), at: machine.keyPath)
            let disk = FaultyDisk(machine.directory.file("state"), seed: UInt64(call))
            disk.fail(call..<Int.max)
            _ = refusal { try machine.open().close() }

            let restarted = try StoreFixture()
            try restarted.put(Array(StoreVersion1.key.utf8), at: restarted.keyPath)
            try PrivateFiles.makeDirectory(restarted.directory.file("state"))
            try disk.copyAfterPowerLoss(to: restarted.directory.file("state"))
            found.insert(try #require(try restarted.read("PRAGMA user_version", as: Int.self)))
            let generations = try restarted.load(now: now).accounts.map(\.tokens.generation)
            #expect(generations == [1, 1], "cut off at call \(call)")
            if disk.count < call { break }
        }
        #expect(found == [1, newest])
    }

    /// Every row of every table.
    private func tables() throws -> [String] {
        let names = ["data_key", "accounts", "token_sets", "intents", "unread_answers", "history"]
        return try names.flatMap { try fixture.rows(of: $0) }
    }
}

extension SQLiteSchema {
    /// This schema and a later version for each of `steps`.
    fileprivate func adding(_ steps: String...) -> SQLiteSchema {
        SQLiteSchema(migrations: migrations + steps.map(SQLiteSchema.step))
    }
}
