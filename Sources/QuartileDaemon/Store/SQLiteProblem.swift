import GRDB
import Glibc

/// Says what is wrong with a database file, and what can be done about it. Holds no value of the database: SQLite's own
/// messages name tables and files, and GRDB's descriptions, which may show arguments, are not used.
struct SQLiteProblem {
    /// The file.
    let path: String

    /// `error` as the store's own. `systemError` is what the system call behind it left, where that is known.
    func storeError(_ error: any Error, systemError: Errno? = nil) -> StoreError {
        switch error {
        case let error as StoreError: error
        case let error as DatabaseError: .failed(sentence(error, systemError))
        case let error as FileError: .failed("\(error.sentence) The database is \(path).")
        default: damaged("a value is not what it should be")
        }
    }

    /// The file can't be made sense of.
    func damaged(_ reason: String) -> StoreError {
        // SQLite tells of damage in several lines.
        let reason = reason.split(whereSeparator: \.isNewline).joined(separator: " ")
        return .failed(
            "The database \(path) is damaged (\(reason)) and was left as it is. Put a copy of it back, or move it away "
                + "and log in again."
        )
    }

    /// The file is somebody else's, or nobody's.
    func notOurs(_ reason: String) -> StoreError {
        .failed(
            "\(path) is not a database of quartiled (\(reason)) and was left as it is. Move it away, or name another "
                + "file with --database."
        )
    }

    private func sentence(_ error: DatabaseError, _ systemError: Errno?) -> String {
        var reason = "\(error.message ?? "no reason given"), SQLite code \(error.extendedResultCode.rawValue)"
        if let systemError { reason += ", \(systemError)" }
        switch systemError?.code {
        case ENOSPC:
            return "The database \(path) can't be written: its disk is full (\(reason)). Free some space there."
        case EDQUOT:
            return "The database \(path) can't be written: the disk quota of uid \(geteuid()) is used up (\(reason)). "
                + "Free some space there, or have the quota raised."
        case EFBIG:
            return "The database \(path) can't be written: no file may be that large (\(reason)). "
                + "Raise the limit (ulimit -f, or LimitFSIZE= in the unit)."
        case EROFS:
            return "The database \(path) can't be written: its disk is mounted for reading only (\(reason)). "
                + "Mount it for writing."
        default: break
        }
        switch error.resultCode.primaryResultCode {
        case .SQLITE_FULL:
            return "The database \(path) can't be written: its disk is full (\(reason)). Free some space there."
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            return "The database \(path) is locked by another program (\(reason)). End that program."
        case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM:
            return "The database \(path) can't be opened for writing (\(reason)). "
                + "Make it and its directory writable for uid \(geteuid())."
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_ERROR, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH:
            return
                "The database \(path) is damaged (\(reason)) and was left as it is. Put a copy of it back, or move it "
                + "away and log in again."
        case .SQLITE_IOERR:
            return "The database \(path) can't be read or written (\(reason)). "
                + "Look for errors of its disk with: journalctl -k"
        default:
            return
                "The database \(path) can't be used (\(reason)). If this stays, put a copy of it back, or move it away "
                + "and log in again."
        }
    }
}
