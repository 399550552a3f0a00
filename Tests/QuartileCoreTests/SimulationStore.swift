@testable import QuartileCore

/// A model of what is durable, with the conditions that `StoreChange` names.
struct SimulationStore {
    /// How a commit goes.
    enum Fate {
        case works
        /// Nothing is written.
        case fails
        /// All is written, and the caller is told that it failed: the last sync brought an error.
        case failsButIsDurable
    }

    private(set) var rows: [AccountName: StoredAccount] = [:]
    /// Refresh tokens that are durably known to be refused, or spent.
    private(set) var refused: Set<String> = []
    private(set) var spent: Set<String> = []
    /// A change whose condition did not hold though nobody else writes here.
    private(set) var conflict: String?

    /// Nil where the change is durable as far as the caller can tell.
    mutating func commit(_ change: StoreChange, _ fate: Fate) -> Failure? {
        let failure = Failure(.storageFailed, "the database could not be written")
        if case .fails = fate { return failure }
        guard apply(change) else { return failure }
        if case .failsButIsDurable = fate { return failure }
        return nil
    }

    /// The machine starts again: what is left of each token is what the wall clock says.
    mutating func reboot(at now: Moment) {
        for (name, row) in rows {
            rows[name]?.tokens = IssuedTokens(row.tokens.set, generation: row.tokens.generation, loaded: now)
        }
    }

    /// Changes how old a row's history is read at a start: the last two hours.
    func load(at now: Moment) -> [StoredAccount] {
        rows.values.sorted { $0.account.name < $1.account.name }.map { row in
            var row = row
            row.recent.removeAll { now.wall - $0.at > .hours(2) }
            return row
        }
    }

    private mutating func apply(_ change: StoreChange) -> Bool {
        let name = change.account
        switch change {
        case .removeAccount:
            rows[name] = nil
            return true
        case .putAccount(let account, let password, let tokens, _) where rows[name] == nil:
            rows[name] = StoredAccount(account: account, tokens: tokens, password: password)
            return true
        case .openIntent(_, let intent, _, let replacingOwn):
            guard let row = rows[name] else { return false }
            guard row.tokens.generation == intent.generation, row.openIntent == nil || replacingOwn else {
                conflict =
                    "intent for generation \(intent.generation) over \(row.tokens.generation), \(row.openIntent as Any)"
                return false
            }
        case .saveTokens(_, let tokens, _):
            guard let row = rows[name] else { return false }
            guard [row.tokens.generation, row.tokens.generation + 1].contains(tokens.generation) else {
                conflict = "generation \(tokens.generation) over \(row.tokens.generation)"
                return false
            }
        case .recordFailure, .updateAccount, .putAccount: break
        }
        guard var row = rows[name] else { return false }
        row.apply(change)
        rows[name] = row
        let token = row.tokens.set.refreshToken.reveal()
        switch row.refreshToken {
        case .refused: refused.insert(token)
        case .spent, .replayed: spent.insert(token)
        case .unspent, .ambiguous: break
        }
        return true
    }
}
