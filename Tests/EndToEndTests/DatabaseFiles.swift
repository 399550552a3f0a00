import EndToEndHarness
import Foundation
import GRDB
import Glibc

/// The database of a home, looked at and changed behind the daemon's back.
struct DatabaseFiles {
    let home: Home

    /// Runs SQL while no daemon does.
    func change(_ sql: String) throws {
        let queue = try DatabaseQueue(path: home.database)
        try queue.writeWithoutTransaction { db in try db.execute(sql: sql) }
        try queue.close()
    }

    /// Every sealed value that the database holds of an account now. A daemon may run.
    func sealedValues(of account: String) throws -> Set<Data> {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        let queue = try DatabaseQueue(path: home.database, configuration: configuration)
        let row = try queue.read { db in
            try Row.fetchOne(
                db,
                sql: """
                    SELECT subscription_key, password, access_token, refresh_token, body
                    FROM accounts a JOIN token_sets t ON t.account_id = a.id
                    LEFT JOIN unread_answers u ON u.account_id = a.id
                    WHERE a.name = ?
                    """,
                arguments: [account]
            )
        }
        try queue.close()
        return Set(row.map { $0.databaseValues.compactMap(Data.fromDatabaseValue) } ?? [])
    }

    /// All files beside the database, itself included, by name; of each what it holds, and when it was last written.
    /// The lock holds the number of the last process that had it, and counts by its name only.
    func contents() throws -> [String: Content] {
        let directory = (home.database as NSString).deletingLastPathComponent
        return try Dictionary(
            uniqueKeysWithValues: FileManager.default.contentsOfDirectory(atPath: directory).map { name in
                guard !name.hasSuffix(".lock") else { return (name, Content(bytes: Data(), written: [])) }
                let path = directory + "/" + name
                var status = stat()
                guard lstat(path, &status) == 0 else { throw SystemError("stat") }
                let written = [status.st_mtim.tv_sec, status.st_mtim.tv_nsec, Int(status.st_ino)]
                return (name, Content(bytes: try Data(contentsOf: URL(filePath: path)), written: written))
            }
        )
    }

    struct Content: Equatable {
        let bytes: Data
        let written: [Int]
    }
}
