import Foundation
import GRDB
import QuartileCore

@testable import QuartileDaemon

/// A database and its key in a directory of their own.
final class StoreFixture: Sendable {
    let directory: TemporaryDirectory
    var path: String { directory.file("state/quartiled.db") }
    var keyPath: String { directory.file("data/key") }

    init() throws { directory = try TemporaryDirectory() }

    /// Opens the store, in this boot unless told otherwise.
    func open(
        schema: SQLiteSchema = .current,
        bootID: String? = "boot-1",
        busyTimeout: Double = 0.01
    ) throws -> SQLiteTokenStore {
        try SQLiteTokenStore.open(
            at: path,
            key: KeyFile(path: keyPath),
            schema: schema,
            bootID: bootID,
            busyTimeout: busyTimeout
        )
    }

    /// Opens the store for the length of one call.
    @discardableResult
    func withStore<Result>(bootID: String? = "boot-1", _ body: (SQLiteTokenStore) throws -> Result) throws -> Result {
        let store = try open(bootID: bootID)
        do {
            let result = try body(store)
            try store.close()
            return result
        } catch {
            try store.close()
            throw error
        }
    }

    /// Commits to the store, opened for this alone.
    func commit(_ changes: StoreChange...) throws { try withStore { try $0.commit(changes) } }

    /// What a store that is opened anew holds.
    func load(bootID: String? = "boot-1", now: Moment = .start) throws -> StoreContents {
        try withStore(bootID: bootID) { try $0.load(now: now) }
    }

    /// The only account that a store opened anew holds.
    func account(bootID: String? = "boot-1", now: Moment = .start) throws -> StoredAccount {
        let contents = try load(bootID: bootID, now: now)
        guard let account = contents.accounts.first, contents.accounts.count == 1, contents.damaged.isEmpty else {
            throw UnexpectedContents(accounts: contents.accounts.map(\.account.name), damaged: contents.damaged)
        }
        return account
    }

    struct UnexpectedContents: Error {
        let accounts: [AccountName]
        let damaged: [AccountName]
    }

    /// Changes the file behind the store's back.
    func tamper(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.write { db in try db.execute(sql: sql, arguments: arguments) }
        try queue.close()
    }

    /// Reads one value behind the store's back.
    func read<Value: DatabaseValueConvertible>(_ sql: String, as type: Value.Type = Value.self) throws -> Value? {
        let queue = try DatabaseQueue(path: path)
        let value = try queue.read { db in try Value.fetchOne(db, sql: sql) }
        try queue.close()
        return value
    }

    /// The bytes of the database.
    func bytes() throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }

    /// Puts these bytes in the place of the database.
    func write(_ bytes: some Sequence<UInt8>) throws { try put(bytes, at: path) }

    /// Makes a file, 0600, and its directory, 0700.
    func put(_ bytes: some Sequence<UInt8>, at path: String) throws {
        try PrivateFiles.makeDirectory(PrivateFiles.parent(of: path))
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        guard chmod(path, 0o600) == 0 else { throw Errno.last }
    }
}

extension Moment {
    /// When the tests' time begins.
    static let start = Moment(wall: UnixTime(seconds: 1_760_000_000), boot: BootTime(milliseconds: 5_000_000))
}

extension AccountName {
    static let ada = example("ada@example.com")
    static let bob = example("bob@example.com")

    private static func example(_ text: String) -> AccountName {
        guard let name = AccountName(text) else { preconditionFailure("\(text) is no account name") }
        return name
    }
}

extension Account {
    static func example(
        _ name: AccountName = .ada,
        baseURL: String = "https://api.example.com",
        password: String? = "correct horse"
    ) -> Account {
        Account(
            name: name,
            apiVersion: .v2,
            baseURL: baseURL,
            username: name.text,
            subscriptionKey: Secret("0123456789abcdef0123456789abcdef"),
            password: password.map { Secret($0) }
        )
    }
}

extension IssuedTokens {
    static func example(_ generation: Generation, text: String = "", sent: Moment = .start) -> IssuedTokens {
        IssuedTokens(
            TokenSet(
                accessToken: Secret("access-\(text)\(generation)"),
                tokenType: "Bearer",
                refreshToken: Secret("refresh-\(text)\(generation)"),
                issuedAt: sent.wall,
                accessExpiresAt: sent.wall + .hours(12),
                refreshExpiresAt: sent.wall + .hours(14 * 24)
            ),
            generation: generation,
            sent: sent
        )
    }
}

extension HistoryEntry {
    static func example(
        _ event: Event = .refresh,
        _ result: Result = .received,
        after delay: Milliseconds = 0
    ) -> HistoryEntry {
        HistoryEntry(at: Moment.start.wall + delay, event: event, result: result)
    }
}

extension StoreChange {
    /// A first login.
    static func put(_ name: AccountName = .ada, generation: Generation = 1, password: String? = "correct horse")
        -> StoreChange
    {
        .putAccount(
            .example(name, password: password),
            password == nil ? .none : .stored,
            .example(generation),
            .example(.loginByUser)
        )
    }
}
