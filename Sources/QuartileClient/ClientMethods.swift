public import QuartileWire

extension Client {
    /// Who the daemon is.
    public mutating func hello() throws(ClientError) -> HelloResult {
        let result = try call(.hello)
        return try read { () throws(ProtocolViolation) in try HelloResult(json: result) }
    }

    /// A token, as JSON with whatever a newer daemon adds to it; ``QuartileWire/WireToken`` reads it.
    public mutating func getTokenJSON(_ params: GetTokenParams) throws(ClientError) -> JSON {
        try call(.getToken, params: params.json, timeout: params.timeLimit)
    }

    /// The same, where `look` sees the token first if request and answer are plain.
    ///
    /// For a program that ends there: up to then no JSON value is made, nor any other for which the Swift runtime would have
    /// to put a type together.
    package mutating func getTokenJSON(
        _ params: GetTokenParams,
        look: (PlainToken) -> Void
    ) throws(ClientError) -> JSON {
        let size = GetTokenParams.maximumPlainLength
        return try withUnsafeTemporaryAllocation(byteCount: size, alignment: 1) { memory throws(ClientError) in
            let id = nextID
            var line = FixedBuffer(memory)
            guard params.writeRequest(id: id, to: &line) else { return try getTokenJSON(params) }
            let deadline = Deadline(after: params.timeLimit)
            return try call(line.bytes, isRepeatable: Method.getToken.isRepeatable, deadline) { received in
                if let token = PlainToken(received, id: id) { look(token) }
            }
        }
    }

    /// A token.
    public mutating func getToken(_ params: GetTokenParams) throws(ClientError) -> WireToken {
        let result = try getTokenJSON(params)
        return try read { () throws(ProtocolViolation) in try WireToken(json: result) }
    }

    /// The accounts that this user may see.
    public mutating func listAccounts() throws(ClientError) -> [WireAccount] {
        let result = try call(.listAccounts)
        return try read { () throws(ProtocolViolation) in try ListAccountsResult(json: result).accounts }
    }

    /// How the daemon and its accounts are.
    public mutating func status(_ params: StatusParams = StatusParams()) throws(ClientError) -> WireStatus {
        let result = try call(.status, params: params.json)
        return try read { () throws(ProtocolViolation) in try WireStatus(json: result) }
    }

    /// Logs in, and makes the account if it is not there.
    public mutating func login(_ params: LoginParams) throws(ClientError) -> WireAccount {
        try account(from: try call(.login, params: params.json))
    }

    /// Takes over a token set from elsewhere.
    public mutating func importTokens(_ params: ImportTokensParams) throws(ClientError) -> WireAccount {
        try account(from: try call(.importTokens, params: params.json))
    }

    /// Gives an account a new key or password.
    public mutating func updateAccount(_ params: UpdateAccountParams) throws(ClientError) -> WireAccount {
        try account(from: try call(.updateAccount, params: params.json))
    }

    /// Refreshes an account now.
    public mutating func refresh(_ params: AccountParams) throws(ClientError) -> WireAccount {
        try account(from: try call(.refresh, params: params.json))
    }

    /// Asks the API whether it takes an account's access token.
    public mutating func validate(_ params: AccountParams) throws(ClientError) -> ValidateResult {
        let result = try call(.validate, params: params.json)
        return try read { () throws(ProtocolViolation) in try ValidateResult(json: result) }
    }

    /// Says that an API refused an access token, so that it is replaced if it is the newest.
    public mutating func rejectToken(_ params: RejectTokenParams) throws(ClientError) -> RejectTokenResult {
        let result = try call(.rejectToken, params: params.json)
        return try read { () throws(ProtocolViolation) in try RejectTokenResult(json: result) }
    }

    /// Removes an account and everything of it.
    public mutating func logout(_ params: AccountParams) throws(ClientError) {
        _ = try call(.logout, params: params.json)
    }

    /// Who asked for what, the newest first.
    public mutating func audit(_ params: AuditParams = AuditParams()) throws(ClientError) -> AuditResult {
        let result = try call(.audit, params: params.json)
        return try read { () throws(ProtocolViolation) in try AuditResult(json: result) }
    }

    private func account(from json: JSON) throws(ClientError) -> WireAccount {
        try read { () throws(ProtocolViolation) in try WireAccount(json: json) }
    }

    private func read<Value>(_ read: () throws(ProtocolViolation) -> Value) throws(ClientError) -> Value {
        do throws(ProtocolViolation) {
            return try read()
        } catch {
            throw .violation(error)
        }
    }
}

extension GetTokenParams {
    /// How long the call may take, in seconds.
    fileprivate var timeLimit: Double {
        min(maxWait ?? Self.defaultMaxWait, Self.longestMaxWait) + Method.margin
    }
}
