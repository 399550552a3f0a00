import Glibc
import QuartileCore
import Testing

@testable import QuartileDaemon

/// The way to a later version, tried with versions that do not exist yet.
struct StoreMigrationTests {
    let fixture: StoreFixture
    var copy: String { fixture.path + ".before-v2" }

    init() throws {
        fixture = try StoreFixture()
        try fixture.commit(.put(), .put(.bob))
    }

    @Test func accountsComeAlong() throws {
        let store = try fixture.open(schema: .current.adding("ALTER TABLE accounts ADD COLUMN note TEXT"))
        #expect(try store.load(now: .start).accounts.map(\.account.name) == [.ada, .bob])
        try store.commit([.saveTokens(.ada, .example(2), .example(after: 1))])
        try store.close()
        #expect(try fixture.read("PRAGMA user_version", as: Int.self) == 2)
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
        #expect(try other.read("PRAGMA user_version", as: Int.self) == 2)
        #expect(try PrivateFiles.status(other.path + ".before-v2") == nil)
    }

    @Test func stepThatFailsLeavesTheVersionBeforeIt() throws {
        let broken = SQLiteSchema.current.adding(
            "ALTER TABLE accounts ADD COLUMN note TEXT",
            "CREATE TABLE extra (id INTEGER); DELETE FROM accounts; INSERT INTO nowhere VALUES (1)"
        )
        guard case .failed? = refusal({ try fixture.open(schema: broken) }) else {
            Issue.record("not refused")
            return
        }
        #expect(try fixture.read("PRAGMA user_version", as: Int.self) == 2)
        #expect(try fixture.read("SELECT count(*) FROM accounts", as: Int.self) == 2)
        #expect(try fixture.read("SELECT count(*) FROM sqlite_schema WHERE name = 'extra'", as: Int.self) == 0)
        #expect(try PrivateFiles.status(fixture.path + ".before-v3") != nil)
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

extension SQLiteSchema {
    /// This schema and a later version for each of `steps`.
    fileprivate func adding(_ steps: String...) -> SQLiteSchema {
        SQLiteSchema(migrations: migrations + steps.map(SQLiteSchema.step))
    }
}
