/// A database as the first version of the daemon wrote it, with what a newer one holds. Its tables are those that the
/// first version made, for good: no later version can change what lies on people's disks.
enum VersionOneDatabase {
    static func make(_ path: String, from newer: String) async throws {
        let columns = tables.map { table in
            let names = table.columns.map { $0.split(separator: " ")[0] }.joined(separator: ", ")
            return "INSERT INTO main.\(table.name) (\(names)) SELECT \(names) FROM newer.\(table.name);"
        }
        try await SQLiteShell.change(
            """
            PRAGMA application_id = \(0x5152_5444);
            PRAGMA user_version = 1;
            ATTACH '\(newer)' AS newer;
            BEGIN;
            \(tables.map(\.definition).joined(separator: "\n"))
            \(columns.joined(separator: "\n"))
            COMMIT;
            """,
            on: path
        )
    }

    private struct Table {
        let name: String
        let columns: [String]
        var constraints: [String] = []

        var definition: String {
            "CREATE TABLE main.\(name) (\((columns + constraints).joined(separator: ", "))) STRICT;"
        }
    }

    private static let owner = "account_id INTEGER PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE"

    private static let tables = [
        Table(
            name: "data_key",
            columns: [
                "id INTEGER PRIMARY KEY CHECK (id = 1)", "wrapped BLOB NOT NULL", "key_id TEXT NOT NULL",
                "source TEXT NOT NULL", "canary BLOB NOT NULL",
            ]
        ),
        Table(
            name: "accounts",
            columns: [
                "id INTEGER PRIMARY KEY", "name TEXT NOT NULL UNIQUE", "api_version TEXT NOT NULL",
                "base_url TEXT NOT NULL", "username TEXT", "subscription_key BLOB NOT NULL", "password BLOB",
                "password_state TEXT NOT NULL", "refresh_token_state TEXT NOT NULL", "created_at INTEGER NOT NULL",
                "updated_at INTEGER NOT NULL",
            ]
        ),
        Table(
            name: "token_sets",
            columns: [
                owner, "generation INTEGER NOT NULL", "access_token BLOB NOT NULL", "token_type TEXT NOT NULL",
                "refresh_token BLOB NOT NULL", "refresh_token_fingerprint TEXT NOT NULL",
                "issued_at INTEGER NOT NULL", "access_expires_at INTEGER NOT NULL", "refresh_expires_at INTEGER",
                "issued_at_boot INTEGER NOT NULL", "boot_id TEXT",
            ]
        ),
        Table(
            name: "intents",
            columns: [
                owner, "generation INTEGER NOT NULL", "operation TEXT NOT NULL",
                "refresh_token_fingerprint TEXT NOT NULL", "at INTEGER NOT NULL", "boot_id TEXT",
            ]
        ),
        Table(
            name: "unread_answers",
            columns: [owner, "generation INTEGER NOT NULL", "body BLOB NOT NULL", "at INTEGER NOT NULL"]
        ),
        Table(
            name: "history",
            columns: [
                "id INTEGER PRIMARY KEY", "account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE",
                "at INTEGER NOT NULL", "event TEXT NOT NULL", "result TEXT NOT NULL",
            ],
            constraints: ["UNIQUE (account_id, at, event, result)"]
        ),
    ]
}
