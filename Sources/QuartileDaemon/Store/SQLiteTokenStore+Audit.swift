import GRDB
import Glibc
package import QuartileCore
import Synchronization

extension SQLiteTokenStore: AuditStore {
    /// The most rows of the audit, 10,000: with names as long as they may be some 6 MB, and 2 MB as they are.
    static let auditRows = 10_000
    /// The most of these that one user may have, half: who asks for much can't push out what others asked for.
    static let auditRowsOfAUser = 5_000
    /// The most of these of one user, account, method and outcome: nor can one program push out what the others did.
    static let auditRowsOfAKind = 1_000
    /// How many rows are added before it is looked whether there are too many, which takes some milliseconds.
    static let auditSlack = 200

    /// Writes entries in one transaction, which a commit of tokens has to wait for should it come just then. Never takes
    /// the space that is kept for tokens on a full disk.
    package func append(audit entries: [AuditEntry]) throws(StoreError) {
        // There may be space again, and no commit since that would have noticed.
        ballast.restore()
        guard !ballast.isSpaceShort else {
            throw .failed("There is no space for it beside the database \(path). Free some space there.")
        }
        let mustTrim = auditTally.withLock { tally in
            tally += entries.count
            return tally > SQLiteTokenStore.auditSlack
        }
        do throws(SQLiteWriteFailure) {
            try write { db in
                for entry in entries { try insert(entry, db) }
                if mustTrim { try trimAudit(db) }
            }
        } catch {
            throw error.reason
        }
        if mustTrim { auditTally.withLock { $0 = 0 } }
    }

    package func audit(of account: AccountName?, limit: Int) throws(StoreError) -> [AuditEntry] {
        do {
            // Not `read`: that speaks to the database before anything can be checked.
            return try queue.inDatabase { db in
                try checkOpen(db)
                return try Row.fetchAll(
                    db,
                    sql: """
                        SELECT e.at, e.count, e.pid, e.uid, e.executable, e.unit, a.name, e.method, e.outcome
                        FROM audit e LEFT JOIN accounts a ON a.id = e.account_id
                        WHERE ?1 IS NULL OR e.account_id = (SELECT id FROM accounts WHERE name = ?1)
                        ORDER BY e.id DESC LIMIT ?2
                        """,
                    arguments: [account?.text, limit]
                ).map(entry)
            }
        } catch {
            throw SQLiteProblem(path: path).storeError(error)
        }
    }

    private func entry(_ row: Row) throws(UnexpectedValue) -> AuditEntry {
        guard let pid = pid_t(exactly: try row.integer(2)), let uid = uid_t(exactly: try row.integer(3)) else {
            throw UnexpectedValue()
        }
        return AuditEntry(
            at: try row.time(0),
            count: try row.integer(1),
            pid: pid,
            uid: uid,
            process: PeerProcess(executable: try row.textIfPresent(4), unit: try row.textIfPresent(5)),
            account: try row.textIfPresent(6).flatMap(AccountName.init),
            method: try row.text(7),
            outcome: try row.text(8)
        )
    }

    private func insert(_ entry: AuditEntry, _ db: Database) throws {
        try run(
            """
            INSERT INTO audit (at, count, pid, uid, executable, unit, account_id, method, outcome)
            VALUES (?, ?, ?, ?, ?, ?, (SELECT id FROM accounts WHERE name = ?), ?, ?)
            """,
            [
                entry.at.milliseconds, entry.count, entry.pid, entry.uid, entry.process.executable, entry.process.unit,
                entry.account?.text, entry.method, entry.outcome,
            ],
            db
        )
    }

    /// Drops the oldest rows of what there is too much of. Ids grow with each row, where a clock may be set back.
    private func trimAudit(_ db: Database) throws {
        try run(
            """
            DELETE FROM audit WHERE id IN (
                SELECT id FROM (
                    SELECT id,
                        row_number() OVER (ORDER BY id DESC) AS n,
                        row_number() OVER (PARTITION BY uid ORDER BY id DESC) AS n_of_user,
                        row_number() OVER (PARTITION BY uid, account_id, method, outcome ORDER BY id DESC) AS n_of_kind
                    FROM audit
                )
                WHERE n > ? OR n_of_user > ? OR n_of_kind > ?
            )
            """,
            [
                SQLiteTokenStore.auditRows - SQLiteTokenStore.auditSlack, SQLiteTokenStore.auditRowsOfAUser,
                SQLiteTokenStore.auditRowsOfAKind,
            ],
            db
        )
    }
}
