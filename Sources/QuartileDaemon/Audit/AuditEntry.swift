package import Glibc
package import QuartileCore

/// Who asked for what, and what came of it; several calls of one kind within a few seconds are one entry.
package struct AuditEntry: Sendable, Equatable {
    /// When the last of them was answered.
    package var at: UnixTime
    /// How many there were.
    package var count: Int64
    /// The process that asked last.
    package var pid: pid_t
    /// Its user.
    package var uid: uid_t
    /// What is known of it.
    package var process: PeerProcess
    /// The account, if one was named that was there.
    package var account: AccountName?
    /// The method's name.
    package var method: String
    /// `ok`, or the name of the error that was answered.
    package var outcome: String

    /// The outcome of a call that had a result.
    package static let ok = "ok"
}

/// Where the audit is kept for good.
package protocol AuditStore: Sendable {
    /// Adds entries, the oldest first, and drops the oldest of those that are there where they are too many. Entries
    /// of an account that is not there any more lose its name.
    func append(audit entries: [AuditEntry]) throws(StoreError)

    /// The newest entries, the newest first; of one account where it is named.
    func audit(of account: AccountName?, limit: Int) throws(StoreError) -> [AuditEntry]
}
