import Glibc
import QuartileCore
import QuartileWire

/// What was asked since the audit was last written: a call costs a look into a table here, and nothing on disk.
///
/// Repeats become one entry with a count and the time of the last. What one program can add is bounded: that of one kind
/// (user, account, method, outcome) there are at most ``entriesOfAKind``, however many processes it starts, and that of
/// one user there are some ``entriesOfAUser``, however many accounts are asked for. What goes beyond is counted with its
/// kind. What one user does changes nothing of how another's calls are recorded.
struct AuditBuffer: Sendable {
    /// The most processes that are told apart for calls of one kind, 16: a person at work, or a script that is run now
    /// and then, has its entries one by one; a loop has not.
    static let entriesOfAKind = 16
    /// The most entries of one user, 512, some 128 KiB; beyond them the account is left out, which leaves a dozen or two for
    /// methods and outcomes. There are as many users as `access.users` lists, the owner and root.
    static let entriesOfAUser = 512

    /// What makes two calls one entry.
    private struct Key: Hashable {
        /// The process; 0 for those that are not told apart.
        var pid: pid_t
        var uid: uid_t
        var account: AccountName?
        var method: Method
        /// Nil is a result.
        var error: ErrorCode?
    }

    private struct Slot {
        var entry: AuditEntry
        /// Which call in a row was the last of it: many fall into one millisecond, and a clock may be set.
        var turn: Int
    }

    private var table: [Key: Slot] = [:]
    private var turn = 0
    /// How many processes are told apart, by the key with none.
    private var processes: [Key: Int] = [:]
    /// How many entries there are of each user.
    private var counts: [uid_t: Int] = [:]

    /// Whether there is nothing.
    var isEmpty: Bool { table.isEmpty }

    /// Takes note of a call.
    mutating func record(
        _ method: Method,
        of account: AccountName?,
        error: ErrorCode?,
        by caller: Caller,
        at now: UnixTime
    ) {
        turn += 1
        let peer = caller.peer
        let key = Key(pid: peer.pid, uid: peer.uid, account: account, method: method, error: error)
        if repeated(key, caller, now) { return }
        var kind = key
        kind.pid = 0
        let isFull = counts[key.uid, default: 0] >= AuditBuffer.entriesOfAUser
        if !isFull, processes[kind, default: 0] < AuditBuffer.entriesOfAKind {
            processes[kind, default: 0] += 1
            return insert(key, caller, now)
        }
        if repeated(kind, caller, now) { return }
        if isFull {
            kind.account = nil
            if repeated(kind, caller, now) { return }
        }
        insert(kind, caller, now)
    }

    /// Forgets that anything was asked of an account.
    mutating func forget(_ account: AccountName) {
        table = table.filter { $0.key.account != account }
        processes = processes.filter { $0.key.account != account }
        counts = table.keys.reduce(into: [:]) { $0[$1.uid, default: 0] += 1 }
    }

    /// The entries, the oldest first.
    var all: [AuditEntry] { table.values.sorted { $0.turn < $1.turn }.map(\.entry) }

    /// Of entries, the oldest first, those that there is room for while they can't be written: of each user the newest.
    static func newest(of entries: [AuditEntry]) -> [AuditEntry] {
        var counts: [uid_t: Int] = [:]
        let kept = entries.reversed().filter { entry in
            counts[entry.uid, default: 0] += 1
            return counts[entry.uid, default: 0] <= entriesOfAUser
        }
        return kept.reversed()
    }

    private mutating func repeated(_ key: Key, _ caller: Caller, _ now: UnixTime) -> Bool {
        guard let index = table.index(forKey: key) else { return false }
        table.values[index].turn = turn
        table.values[index].entry.at = now
        table.values[index].entry.count += 1
        table.values[index].entry.pid = caller.peer.pid
        table.values[index].entry.process = caller.process
        return true
    }

    private mutating func insert(_ key: Key, _ caller: Caller, _ now: UnixTime) {
        let entry = AuditEntry(
            at: now,
            count: 1,
            pid: caller.peer.pid,
            uid: key.uid,
            process: caller.process,
            account: key.account,
            method: key.method.rawValue,
            outcome: key.error?.name ?? AuditEntry.ok
        )
        table[key] = Slot(entry: entry, turn: turn)
        counts[key.uid, default: 0] += 1
    }
}
