/// The result of `list_accounts`.
public struct ListAccountsResult: Sendable, Hashable {
    /// The accounts that the caller may see.
    public var accounts: [WireAccount]

    /// Makes a result.
    public init(accounts: [WireAccount]) {
        self.accounts = accounts
    }

    /// The result as JSON.
    public var json: JSON {
        ["accounts": .array(accounts.map(\.json))]
    }

    /// Reads a result.
    public init(json: JSON) throws(ProtocolViolation) {
        accounts = try WireAccount.list(try ResultReader(json, of: "a list of accounts").array("accounts"))
    }
}

extension WireAccount {
    static func list(_ elements: [JSON]) throws(ProtocolViolation) -> [WireAccount] {
        try elements.map { json throws(ProtocolViolation) in try WireAccount(json: json) }
    }
}
