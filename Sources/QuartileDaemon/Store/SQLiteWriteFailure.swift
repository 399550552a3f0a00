import GRDB
import GRDBSQLite
import Glibc

/// A commit that failed, sorted by what can be done about it.
struct SQLiteWriteFailure: Error {
    /// What kind of failure it is.
    enum Kind {
        /// The disk, or the user's share of it, is full. Nothing was written.
        case outOfSpace
        /// The disk failed. Whether anything was written is open.
        case inputOutput
        /// Anything else. Nothing was written.
        case other
    }

    /// The kind.
    let kind: Kind
    /// The failure as the store reports it.
    let reason: StoreError

    init(_ error: any Error, systemError: Errno?, path: String) {
        reason = SQLiteProblem(path: path).storeError(error, systemError: systemError)
        switch (error as? DatabaseError)?.resultCode {
        case .SQLITE_FULL?: kind = .outOfSpace
        case .SQLITE_IOERR?, .SQLITE_CANTOPEN?:
            switch systemError?.code {
            // SQLite tells only the first of them by a code of its own, and only where a write met it.
            case ENOSPC, EDQUOT: kind = .outOfSpace
            default: kind = .inputOutput
            }
        default: kind = .other
        }
    }
}

extension DatabaseError {
    /// Whether a system call failed behind it, so that `Database.systemError` is its error and not an older one.
    var comesFromTheSystem: Bool { resultCode == .SQLITE_IOERR || resultCode == .SQLITE_CANTOPEN }
}

extension Database {
    /// The error of the system call that failed last (sqlite.org/c3ref/system_errno.html); nil where there is none.
    var systemError: Errno? {
        let code = sqlite3_system_errno(sqliteConnection)
        return code == 0 ? nil : Errno(code)
    }
}
