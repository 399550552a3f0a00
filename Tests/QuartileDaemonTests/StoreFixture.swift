import Foundation
import GRDB
import Logging
import QuartileCore

@testable import QuartileDaemon

/// A database and its key in a directory of their own.
final class StoreFixture: Sendable {
    let directory: TemporaryDirectory
    var path: String { directory.file("state/quartiled.db") }
    var keyPath: String { directory.file("data/key") }

    let clock = StoreClock()
    let logs = StoreLog()

    init() throws { directory = try TemporaryDirectory() }

    /// Opens the store, in this boot unless told otherwise.
    func open(
        keys: KeySources? = nil,
        schema: SQLiteSchema = .current,
        bootID: String? = "boot-1",
        busyTimeout: Double = 0.01
    ) throws -> SQLiteTokenStore {
        try SQLiteTokenStore.open(
            at: path,
            keys: keys ?? .file(keyPath),
            schema: schema,
            bootID: bootID,
            busyTimeout: busyTimeout,
            clock: clock,
            log: logs.logger
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

    /// Every row of a table, as text.
    func rows(of table: String) throws -> [String] {
        let queue = try DatabaseQueue(path: path)
        let rows = try queue.read { db in try Row.fetchAll(db, sql: "SELECT * FROM \(table)").map { "\($0)" } }
        try queue.close()
        return rows
    }

    /// The bytes of the database.
    func bytes() throws -> [UInt8] { Array(try bytes(at: path)) }

    /// The bytes of a file.
    func bytes(at path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

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

extension LastError {
    static let example = LastError(
        Failure(.upstreamUnavailable, "the API is failing"),
        at: Moment.start.wall,
        retryAt: Moment.start.wall + .minutes(1)
    )
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

extension StoreFixture {
    /// Runs `body` while another connection has the file open for reading, within a transaction.
    func whileReading(_ body: () throws -> Void) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.read { db in
            _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM accounts")
            try body()
        }
        try queue.close()
    }

    /// The generation that is stored of `name`.
    func generation(of name: AccountName) throws -> Generation? {
        let sql = "SELECT generation FROM token_sets JOIN accounts ON id = account_id WHERE name = '\(name)'"
        return try read(sql, as: Generation.self)
    }

    /// Every sealed value of `name`.
    func sealedValues(of name: AccountName) throws -> [Data] {
        let columns = ["subscription_key", "password", "access_token", "refresh_token", "body"]
        return try columns.compactMap { column in
            try read(
                """
                SELECT \(column) FROM accounts a
                JOIN token_sets t ON t.account_id = a.id
                LEFT JOIN unread_answers u ON u.account_id = a.id
                WHERE a.name = '\(name)'
                """,
                as: Data.self
            )
        }
    }

    /// Admits the file through a connection that SQLite opened for reading only.
    func admitReadOnly() throws {
        let file = SQLiteFile(path: path, schema: .current, busyTimeout: 0)
        var configuration = file.configuration()
        configuration.readonly = true
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        _ = try queue.inDatabase { db in
            try SQLiteTokenStore.admit(db, file: file, keys: .file(keyPath))
        }
    }

    /// Turns the file into one with a write-ahead log, as somebody at a prompt could.
    func leaveInWALMode() throws {
        let queue = try DatabaseQueue(path: path)
        try queue.inDatabase { db in try db.execute(sql: "PRAGMA journal_mode = WAL") }
        try queue.close()
    }
}

extension SQLiteTokenStore {
    /// What a pragma is set to on the store's own connection.
    func pragma(_ name: String) throws -> String? {
        try queue.inDatabase { db in try String.fetchOne(db, sql: "PRAGMA \(name)") }
    }

    /// Runs statements on the store's own connection.
    func execute(_ sql: String) throws { try queue.inDatabase { db in try db.execute(sql: sql) } }

    /// Writes `changes` in a transaction that is rolled back, after `body` has had a look.
    func abandon(_ changes: [StoreChange], _ body: () throws -> Void) throws {
        try queue.inDatabase { db in
            try db.inTransaction(.immediate) {
                for change in changes { try apply(change, db) }
                try body()
                return .rollback
            }
        }
    }
}

extension KeySources {
    /// A key file and no other source.
    static func file(_ path: String) -> KeySources {
        let log = StoreLog().logger
        return KeySources(
            file: KeyFile(path: path),
            credential: KeyCredential(environment: [:]),
            command: KeyCommand(line: nil, environment: [:], stop: StopRequest(), log: log),
            wanted: nil
        )
    }
}

extension SQLiteSchema {
    /// A migration that runs these statements.
    static func step(_ sql: String) -> Migration { { db in try db.execute(sql: sql) } }
}

extension Data {
    /// Whether `text` is somewhere in it.
    func holds(_ text: String) -> Bool { range(of: Data(text.utf8)) != nil }
}

/// The error with which `body` ends; nil where it does not, or with another kind.
func refusal<Result>(_ body: () throws -> Result) -> StoreError? {
    do {
        _ = try body()
        return nil
    } catch {
        return error as? StoreError
    }
}

/// Runs `body` with this thread's rights on files cut to those of a stranger (setfsuid(2)), where it has root's, to whom
/// permissions mean nothing.
func withoutPrivilege<Result>(_ body: () throws -> Result) throws -> Result {
    guard geteuid() == 0 else { return try body() }
    guard let symbol = dlsym(nil, "setfsuid") else { throw Errno(ENOSYS) }
    let setfsuid = unsafeBitCast(symbol, to: (@convention(c) (uid_t) -> CInt).self)
    _ = setfsuid(65534)
    defer { _ = setfsuid(0) }
    return try body()
}
