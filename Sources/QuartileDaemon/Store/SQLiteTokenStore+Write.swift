import GRDB
import Logging
import QuartileCore

extension SQLiteTokenStore {
    /// Does what a commit that failed calls for, and tries once more where that is of use.
    func writeAgain(_ changes: [StoreChange], after failure: SQLiteWriteFailure) throws(StoreError) {
        switch failure.kind {
        case .other: throw failure.reason
        case .outOfSpace: guard changes.allSatisfy(\.mustNotBeLost), ballast.giveUp() else { throw failure.reason }
        case .inputOutput: break
        }
        do throws(SQLiteWriteFailure) {
            try write(changes)
        } catch {
            // In doubt still. A login by the user that is in the file counts: the daemon would go on with what was there
            // before it otherwise, and the two would no longer agree. All else is written again later, or asked for.
            guard error.kind == .inputOutput, changes.allSatisfy(isFoundLogin) else { throw error.reason }
            log.error(
                "the disk does not confirm what was written; the next commit will tell",
                metadata: ["reason": "\(error.reason.sentence)"]
            )
        }
    }

    /// Writes all of `changes` in one transaction, on disk when this returns.
    func write(_ changes: [StoreChange]) throws(SQLiteWriteFailure) {
        try write { db in
            for change in changes { try apply(change, db) }
        }
    }

    /// Does `body` in one transaction, on disk when this returns.
    func write(_ body: (Database) throws -> Void) throws(SQLiteWriteFailure) {
        var systemError: Errno?
        do {
            try checkPlace()
            try queue.writeWithoutTransaction { db in
                try checkOpen(db)
                // Left open by a ROLLBACK that failed.
                if db.isInsideTransaction { try db.rollback() }
                do {
                    try db.inTransaction(.immediate) {
                        try touch(db)
                        try body(db)
                        return .commit
                    }
                } catch let error as DatabaseError where error.comesFromTheSystem {
                    systemError = db.systemError
                    throw error
                }
            }
            try checkPlace()
        } catch {
            throw SQLiteWriteFailure(error, systemError: systemError, path: path)
        }
    }

    /// Makes certain of what is in the file: a process before this one may have ended, or been told of an error, between
    /// its last write and the sync of it. Where that can't be done now, the first commit does it.
    func settle() {
        do throws(SQLiteWriteFailure) {
            try write([])
        } catch {
            log.warning(
                "what was written last may not be on disk for certain",
                metadata: ["reason": "\(error.reason.sentence)"]
            )
        }
    }

    /// Sees to it that this transaction writes a page, also where all of it is found written already. It would not be
    /// synced otherwise, and what a commit left that failed at its last sync may be in memory alone.
    private func touch(_ db: Database) throws {
        try db.execute(sql: "PRAGMA user_version = \(file.schema.version)")
    }

    /// Refuses a file that was closed: SQLite would end the process.
    func checkOpen(_ db: Database) throws(StoreError) {
        guard db.sqliteConnection != nil else { throw .failed("The database \(path) is closed.") }
    }

    /// Refuses a file that no longer has its name: what is written to it would be gone with this process.
    private func checkPlace() throws {
        guard try file.identity() == identity else { throw file.displaced }
    }

    /// Whether this is a login or import by the user that is in the file as it is now.
    private func isFoundLogin(_ change: StoreChange) -> Bool {
        guard case .putAccount(let account, _, let tokens, _) = change else { return false }
        do {
            return try queue.read { db in
                let head = try head(of: account.name, db)
                guard head.baseURL == account.baseURL, head.generation == tokens.generation else { return false }
                return try holds(tokens.set, head, db)
            }
        } catch {
            // Can't be read, or is not there: then the failure that led here is reported.
            return false
        }
    }
}

extension StoreChange {
    /// Whether a disk that is full must not keep it out. All else can be done again: nothing was sent for an intent, and
    /// who asked for a change is told that it was not made.
    fileprivate var mustNotBeLost: Bool {
        switch self {
        case .saveTokens, .recordFailure, .putAccount: true
        case .openIntent, .updateAccount, .removeAccount: false
        }
    }
}
