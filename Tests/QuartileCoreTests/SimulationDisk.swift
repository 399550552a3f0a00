@testable import QuartileCore

/// A model of the store on a disk that may lose what was written and not synced, with the conditions that `StoreChange`
/// names.
struct SimulationDisk {
    /// How a commit goes.
    enum Fate {
        /// Written and synced.
        case works
        /// Nothing is written.
        case fails
        /// Written, and read back as such, but the sync failed: gone with the power, unless a later sync works.
        case failsUnsynced
        /// Written and synced, and the caller is told that it failed.
        case failsSynced
    }

    struct Row {
        var stored: StoredAccount
        /// The boot in which the tokens were stored.
        var boot: Int
    }

    /// What is read.
    private(set) var rows: [AccountName: Row] = [:]
    /// What a loss of power leaves for certain.
    private(set) var durable: [AccountName: Row] = [:]
    private var unsynced: [(change: StoreChange, boot: Int)] = []
    /// A change whose condition did not hold though nobody else writes here.
    private(set) var conflict: String?

    /// Nil where the change is durable as far as the caller can tell.
    mutating func commit(_ change: StoreChange, boot: Int, _ fate: Fate) -> Failure? {
        let failure = Failure(.storageFailed, "the database could not be written")
        guard fate != .fails else { return failure }
        guard SimulationDisk.apply(change, boot: boot, to: &rows, conflict: &conflict) else {
            return failure
        }
        unsynced.append((change, boot))
        guard fate != .failsUnsynced else { return failure }
        sync()
        return fate == .works ? nil : failure
    }

    /// Makes durable what is read. A daemon does it when it opens the store, or it would go by what may still get lost.
    mutating func sync() {
        for (change, _) in unsynced { durable[change.account] = rows[change.account] }
        unsynced = []
    }

    /// Power is lost: of what was not synced any part is left, and no more.
    mutating func losePower(using random: inout SplitMix64) {
        var ignored: String?
        for (change, boot) in unsynced where random.next() % 2 == 0 {
            _ = SimulationDisk.apply(change, boot: boot, to: &durable, conflict: &ignored)
        }
        unsynced = []
        rows = durable
    }

    /// A backup takes the place of what is there.
    mutating func restore(_ backup: [AccountName: Row]) {
        (rows, durable, unsynced) = (backup, backup, [])
    }

    /// What a starting daemon reads: sets of an earlier boot by the wall clock, the history of two hours either way.
    func load(at now: Moment, boot: Int) -> [StoredAccount] {
        rows.values.sorted { $0.stored.account.name < $1.stored.account.name }.map { row in
            var stored = row.stored
            if row.boot != boot {
                stored.tokens = IssuedTokens(
                    stored.tokens.set,
                    generation: stored.tokens.generation,
                    loaded: now
                )
            }
            stored.recent = stored.recent.filter {
                now.wall - $0.at <= .hours(2) && $0.at - now.wall <= .hours(2)
            }
            return stored
        }
    }

    private static func apply(
        _ change: StoreChange,
        boot: Int,
        to rows: inout [AccountName: Row],
        conflict: inout String?
    ) -> Bool {
        let name = change.account
        switch change {
        case .removeAccount:
            rows[name] = nil
            return true
        case .putAccount(let account, let password, let tokens, let entry) where rows[name] == nil:
            let stored = StoredAccount(
                account: account,
                tokens: tokens,
                password: password,
                recent: [entry]
            )
            rows[name] = Row(stored: stored, boot: boot)
            return true
        case .openIntent(_, let intent, _, let replacingOwn):
            guard let row = rows[name]?.stored else { return false }
            let isFree = row.openIntent == nil || row.openIntent == intent || replacingOwn
            guard row.tokens.generation == intent.generation, isFree else {
                conflict =
                    "\(name): an intent for generation \(intent.generation) over \(row.tokens.generation)"
                return false
            }
        case .saveTokens(_, let tokens, _):
            guard let row = rows[name]?.stored else { return false }
            if row.tokens.generation == tokens.generation, row.tokens.set == tokens.set { return true }
            guard row.tokens.generation == tokens.generation - 1 else {
                conflict = "\(name): generation \(tokens.generation) over \(row.tokens.generation)"
                return false
            }
        case .recordFailure, .updateAccount, .putAccount: break
        }
        guard var row = rows[name] else { return false }
        let recent = row.stored.recent
        row.stored.apply(change)
        // A line of history that is written a second time stays one.
        if row.stored.recent.count > recent.count, let line = row.stored.recent.last,
            recent.contains(line)
        {
            row.stored.recent = recent
        }
        switch change {
        case .saveTokens, .putAccount: row.boot = boot
        case .openIntent, .recordFailure, .updateAccount, .removeAccount: break
        }
        // What is as old as this is never loaded again.
        if row.stored.recent.count > 400 { row.stored.recent.removeFirst(200) }
        rows[name] = row
        return true
    }
}
