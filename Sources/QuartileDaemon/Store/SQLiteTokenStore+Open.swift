import GRDB
package import Logging

extension SQLiteTokenStore {
    /// Opens the database at `path` with a key from one of `keys`; makes both where there is no database yet.
    ///
    /// In this order: the directory, the lock, the file as a file, the key, its tables. Until the key is known to fit,
    /// nothing in the file is changed, unless a crash interrupted a transaction: that one is rolled back.
    ///
    /// Errors end the daemon: `.failed` with 74, `.newerSchema` and `.wrongKey` (the key is missing, is not a key, or
    /// does not fit) with 78, `.keyNotReady` and `.inUse` with 75. Each holds one sentence with the file's name and a way out.
    ///
    /// What does not keep the store from its work is no error and is logged: a full disk, on which the ballast can't be
    /// made; a file of keys that can't be tidied up; a database that is to be moved to another key source and is not yet.
    package static func open(
        at path: String,
        keys: KeySources,
        log: Logger
    ) throws(StoreError) -> SQLiteTokenStore {
        try open(
            at: path,
            keys: keys,
            schema: .current,
            bootID: BootID.current,
            busyTimeout: 2,
            clock: SystemClock(),
            log: log
        )
    }

    /// As above, with what only tests vary.
    static func open(
        at path: String,
        keys: KeySources,
        schema: SQLiteSchema,
        bootID: String?,
        busyTimeout: Double,
        clock: any MomentSource,
        log: Logger
    ) throws(StoreError) -> SQLiteTokenStore {
        do {
            let file = SQLiteFile(path: try PrivateFiles.resolve(path), schema: schema, busyTimeout: busyTimeout)
            try file.checkDirectory()
            let lock = try LockFile.acquire(file.lockPath)
            if try !file.exists() {
                let source = keys.source(keys.preferred)
                let (dataKey, _) = WrappedDataKey.make(key: try source.keyForNewDatabase())
                try file.create(dataKey: dataKey, source: source.kind)
            }
            let queue = try file.connect()
            let (sealer, key) = try queue.inDatabase { db in try admit(db, file: file, keys: keys) }
            guard let identity = try file.identity() else { throw file.displaced }
            let store = SQLiteTokenStore(
                queue: queue,
                sealer: sealer,
                file: file,
                identity: identity,
                ballast: Ballast(path: file.ballastPath, clock: clock, log: log),
                bootID: bootID,
                keys: keys,
                keyInUse: KeyStatus(source: key.source, id: key.id),
                lock: lock,
                log: log
            )
            store.settleKey(recordedSource: key.recordedSource)
            store.ballast.restore()
            return store
        } catch let error as LockFileError {
            switch error {
            case .held: throw .inUse(error.sentence)
            case .failed(let sentence): throw .failed(sentence)
            }
        } catch let error as KeySourceError {
            switch error {
            case .unusable(let sentence): throw .wrongKey(sentence)
            case .unwritable(let sentence): throw .failed(sentence)
            case .notNow(let sentence): throw .keyNotReady(sentence)
            }
        } catch {
            throw SQLiteProblem(path: path).storeError(error)
        }
    }

    /// Checks an open file and makes it ready for use.
    static func admit(_ db: Database, file: SQLiteFile, keys: KeySources) throws -> (Sealer, KeyInUse) {
        let problem = SQLiteProblem(path: file.path)
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        guard version <= file.schema.version else {
            throw StoreError.newerSchema(
                "The database \(file.path) was written by a newer quartiled (its version is \(version), this program "
                    + "knows \(file.schema.version)) and was left as it is. Install that version again, or put a copy "
                    + "from before it back."
            )
        }
        guard version >= 1 else { throw problem.damaged("it has no version") }
        try checkIntegrity(db, version: version, problem)
        let result = try unwrapDataKey(db, file: file, keys: keys)
        try setJournalMode(db, problem)
        try file.migrate(db, from: version)
        return result
    }

    /// Reads every page of the tables that matter, so that damage is found before something is built on it. The history
    /// is left out: it may be a hundred times as large as the rest.
    private static func checkIntegrity(_ db: Database, version: Int, _ problem: SQLiteProblem) throws {
        let tables = ["data_key", "accounts", "token_sets", "intents", "unread_answers"]
        for table in tables + (version < 2 ? [] : ["last_errors"]) {
            let found = try String.fetchOne(db, sql: "PRAGMA integrity_check('\(table)')")
            guard found == "ok" else { throw problem.damaged(found ?? "the check of \(table) says nothing") }
        }
    }

    /// Sets how the file is written, and makes sure that SQLite does as it was told: it answers a pragma that it does
    /// not follow, or does not know, with silence.
    private static func setJournalMode(_ db: Database, _ problem: SQLiteProblem) throws {
        guard try String.fetchOne(db, sql: "PRAGMA journal_mode = TRUNCATE") == "truncate",
            try Int.fetchOne(db, sql: "PRAGMA synchronous") == 3,
            try Int.fetchOne(db, sql: "PRAGMA secure_delete") == 1,
            try Int.fetchOne(db, sql: "PRAGMA foreign_keys") == 1
        else {
            throw StoreError.failed(
                "SQLite does not write the database \(problem.path) as safely as it must (journal_mode, synchronous, "
                    + "secure_delete, foreign_keys). Install the distribution's own libsqlite3."
            )
        }
        // Where SQLite could not open the file for writing it opened it for reading, and said nothing. A deletion of no
        // row is refused then, and writes nothing otherwise: the daemon starts on a full disk, too.
        try db.execute(sql: "DELETE FROM data_key WHERE id = 0")
    }
}
