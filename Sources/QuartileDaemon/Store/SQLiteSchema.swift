import GRDB

/// The tables, version by version. The version that a file has is its `user_version`, written in the same transaction
/// as the tables that it stands for.
///
/// `data_key` is read before a migration runs, to see whether the key fits: what stands there now stays as it is in
/// every later version.
struct SQLiteSchema: Sendable {
    /// One step to the next version.
    typealias Migration = @Sendable (Database) throws -> Void

    /// The first leads from an empty file to version 1.
    var migrations: [Migration]

    /// The version that the last migration leads to.
    var version: Int { migrations.count }

    /// Marks a file as ours (`PRAGMA application_id`): "QRTD".
    static let applicationID: Int32 = 0x5152_5444

    /// What this program writes.
    static let current = SQLiteSchema(migrations: [version1, version2, version3])

    /// Brings the file from `version` to the newest version, all steps in one transaction: a file that is cut off between
    /// two would be of a version of which there is no copy, and from which its older program knows no way.
    func migrate(_ db: Database, from version: Int) throws {
        try db.inTransaction(.immediate) {
            for step in version..<migrations.count { try apply(step, db) }
            return .commit
        }
    }

    /// Makes the tables in an empty file, within the caller's transaction.
    func create(_ db: Database) throws {
        try db.execute(sql: "PRAGMA application_id = \(SQLiteSchema.applicationID)")
        for step in migrations.indices { try apply(step, db) }
    }

    private func apply(_ step: Int, _ db: Database) throws {
        try migrations[step](db)
        try db.execute(sql: "PRAGMA user_version = \(step + 1)")
    }

    /// Times are milliseconds: `at`, `…_at` and `…_until` since 1970, `…_at_boot` since the boot that `boot_id` names. Sealed values are
    /// BLOBs in tables with a rowid: SQLite 3.40 overwrites those when they are deleted (`PRAGMA secure_delete`).
    private static let version1: Migration = { db in
        try db.execute(
            sql: """
                CREATE TABLE data_key (
                    id INTEGER PRIMARY KEY CHECK (id = 1),
                    wrapped BLOB NOT NULL,
                    key_id TEXT NOT NULL,
                    source TEXT NOT NULL,
                    canary BLOB NOT NULL
                ) STRICT;

                CREATE TABLE accounts (
                    id INTEGER PRIMARY KEY,
                    name TEXT NOT NULL UNIQUE,
                    api_version TEXT NOT NULL,
                    base_url TEXT NOT NULL,
                    username TEXT,
                    subscription_key BLOB NOT NULL,
                    password BLOB,
                    password_state TEXT NOT NULL,
                    refresh_token_state TEXT NOT NULL,
                    created_at INTEGER NOT NULL,
                    updated_at INTEGER NOT NULL
                ) STRICT;

                CREATE TABLE token_sets (
                    account_id INTEGER PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
                    generation INTEGER NOT NULL,
                    access_token BLOB NOT NULL,
                    token_type TEXT NOT NULL,
                    refresh_token BLOB NOT NULL,
                    refresh_token_fingerprint TEXT NOT NULL,
                    issued_at INTEGER NOT NULL,
                    access_expires_at INTEGER NOT NULL,
                    refresh_expires_at INTEGER,
                    issued_at_boot INTEGER NOT NULL,
                    boot_id TEXT
                ) STRICT;

                CREATE TABLE intents (
                    account_id INTEGER PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
                    generation INTEGER NOT NULL,
                    operation TEXT NOT NULL,
                    refresh_token_fingerprint TEXT NOT NULL,
                    at INTEGER NOT NULL,
                    boot_id TEXT
                ) STRICT;

                CREATE TABLE unread_answers (
                    account_id INTEGER PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
                    generation INTEGER NOT NULL,
                    body BLOB NOT NULL,
                    at INTEGER NOT NULL
                ) STRICT;

                CREATE TABLE history (
                    id INTEGER PRIMARY KEY,
                    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
                    at INTEGER NOT NULL,
                    event TEXT NOT NULL,
                    result TEXT NOT NULL,
                    UNIQUE (account_id, at, event, result)
                ) STRICT;
                """
        )
    }

    /// What a restart must not forget: what failed last, and how long the API asked to be left alone. The messages are
    /// kept in clear, as they are shown and logged: no secret comes into them.
    private static let version2: Migration = { db in
        try db.execute(
            sql: """
                ALTER TABLE accounts ADD COLUMN stay_away_until INTEGER;

                CREATE TABLE last_errors (
                    account_id INTEGER PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
                    code TEXT NOT NULL,
                    message TEXT NOT NULL,
                    remedy TEXT,
                    at INTEGER NOT NULL,
                    retry_at INTEGER
                ) STRICT;
                """
        )
    }

    /// Who asked for what. The account is named by its row only, so that nothing of it is left when that goes.
    private static let version3: Migration = { db in
        try db.execute(
            sql: """
                CREATE TABLE audit (
                    id INTEGER PRIMARY KEY,
                    at INTEGER NOT NULL,
                    count INTEGER NOT NULL,
                    pid INTEGER NOT NULL,
                    uid INTEGER NOT NULL,
                    executable TEXT,
                    unit TEXT,
                    account_id INTEGER REFERENCES accounts (id) ON DELETE CASCADE,
                    method TEXT NOT NULL,
                    outcome TEXT NOT NULL
                ) STRICT;

                CREATE INDEX audit_by_account ON audit (account_id);
                """
        )
    }
}
