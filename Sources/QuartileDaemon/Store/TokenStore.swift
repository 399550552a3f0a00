package import QuartileCore

/// Where accounts and their tokens are kept for good.
package protocol TokenStore: Sendable {
    /// Everything that is stored.
    func load(now: Moment) throws(StoreError) -> StoreContents

    /// Writes all of `changes`, in order, in one transaction, durably, or throws with none of them written. A change
    /// whose condition does not hold is `.conflict`.
    func commit(_ changes: [StoreChange]) throws(StoreError)
}

/// What a store holds.
package struct StoreContents: Sendable {
    /// The accounts that could be read.
    package var accounts: [StoredAccount]
    /// Accounts whose secrets do not open. They are kept as they are and answered with `storage_failed`.
    package var damaged: [AccountName]

    package init(accounts: [StoredAccount], damaged: [AccountName]) {
        self.accounts = accounts
        self.damaged = damaged
    }
}

/// Why the store could not do what it was asked.
package enum StoreError: Error, Sendable, Equatable {
    /// The file can't be opened, read or written; the text says which file and why.
    case failed(String)
    /// A condition of a change did not hold: somebody else changed the account.
    case conflict(AccountName)
    /// Written by a newer version.
    case newerSchema(String)
    /// The key is missing, is not a key, or does not fit the file.
    case wrongKey(String)
    /// The key can't be had now, and perhaps later.
    case keyNotReady(String)
    /// Another process has the file.
    case inUse(String)
}

extension StoreError {
    /// What happened, as a clause that ends a sentence.
    package var sentence: String {
        switch self {
        case .failed(let text), .newerSchema(let text), .wrongKey(let text), .keyNotReady(let text),
            .inUse(let text):
            text
        case .conflict(let name): "account \(name) was changed by somebody else in the meantime."
        }
    }
}
