/// The methods of the protocol, by their names on the wire.
public enum Method: String, Sendable, CaseIterable {
    case hello
    case getToken = "get_token"
    case login
    case importTokens = "import_tokens"
    case updateAccount = "update_account"
    case listAccounts = "list_accounts"
    case status
    case refresh
    case validate
    case rejectToken = "reject_token"
    case logout
    case keyStatus = "key_status"
    case keyRotate = "key_rotate"
    case audit
}
