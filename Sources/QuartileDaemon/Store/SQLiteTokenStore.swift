import GRDB
import Logging
import QuartileCore
import Synchronization

/// Accounts and tokens in an SQLite file, secrets sealed, every commit on disk before it returns.
///
/// One connection and one writer. Journal mode TRUNCATE with `synchronous` EXTRA: the end of a transaction is the
/// journal cut to nothing and synced, which, unlike the removal of the journal, is on disk for certain, and unlike a
/// write-ahead log leaves no old secret in a second file.
///
/// A commit returns when its change is on disk in the file that has the database's name, or throws. On a full disk the
/// ballast, 1 MiB beside the database, is given up for what must not be lost.
///
/// Calls may come from any thread and block it; they are served one after the other.
package final class SQLiteTokenStore: TokenStore {
    let queue: DatabaseQueue
    let sealer: Sealer
    let file: SQLiteFile
    /// The file that was opened. As long as SQLite has it open, no other can have the same.
    let identity: SQLiteFile.Identity
    let ballast: Ballast
    let bootID: String?
    let keys: KeySources
    let keyState: Mutex<KeyStatus>
    let log: Logger
    /// How many rows of the audit were added since there were last looked through for too many.
    let auditTally = Mutex(auditSlack)
    private let lock: Mutex<LockFile?>

    /// An open store. `open(at:key:)` is how one comes about.
    init(
        queue: DatabaseQueue,
        sealer: Sealer,
        file: SQLiteFile,
        identity: SQLiteFile.Identity,
        ballast: Ballast,
        bootID: String?,
        keys: KeySources,
        keyInUse: KeyStatus,
        lock: LockFile,
        log: Logger
    ) {
        self.queue = queue
        self.sealer = sealer
        self.file = file
        self.identity = identity
        self.ballast = ballast
        self.bootID = bootID
        self.keys = keys
        keyState = Mutex(keyInUse)
        self.log = log
        self.lock = Mutex(lock)
    }

    /// The database's file, symbolic links resolved.
    package var path: String { file.path }

    /// Closes the file, then gives its lock back. Every later call fails.
    package func close() throws(StoreError) {
        do {
            try queue.close()
        } catch {
            throw SQLiteProblem(path: path).storeError(error)
        }
        lock.withLock { $0 = nil }
    }
}
