import QuartileWire
import Testing

@Suite struct `Tokens` {
    private static let token = WireToken(
        account: "x",
        accessToken: "hunter2",
        tokenType: "Bearer",
        expiresAt: 1_795_600_800,
        expiresIn: 60,
        generation: 3,
        subscriptionKey: "abc123",
        subscriptionKeyHeader: "Subscription-Key"
    )

    @Test func `is written in the protocol's words`() {
        let expected =
            #"{"account":"x","access_token":"hunter2","token_type":"Bearer","expires_at":"2026-11-25T10:00:00Z","#
            + #""expires_at_epoch":1795600800,"expires_in":60,"generation":3,"subscription_key":"abc123","#
            + #""subscription_key_header":"Subscription-Key"}"#
        #expect(String(decoding: Self.token.bytes, as: UTF8.self) == expected)
    }

    @Test func `reads back the same`() throws {
        #expect(try WireToken(json: JSON.parse(Self.token.bytes)) == Self.token)
    }

    @Test(arguments: [nil, Int64(0)])
    func `reads back with its mark`(retryAt: Int64?) throws {
        var token = Self.token
        token.degraded = .init(code: "upstream_unavailable", message: "m", retryAt: retryAt)
        #expect(try WireToken(json: JSON.parse(token.bytes)) == token)
    }

    @Test(arguments: [Int64.min, -1, 0, 9, 10, .max])
    func `keeps numbers to their ends`(number: Int64) throws {
        var token = Self.token
        (token.expiresAt, token.expiresIn, token.generation) = (number, number, number)
        #expect(try WireToken(json: JSON.parse(token.bytes)) == token)
    }

    @Test(arguments: ["", #"say "x""#, #"\"#, "a\nb\u{0}", "schlüssel 🗝"])
    func `escapes what must be`(secret: String) throws {
        var token = Self.token
        (token.accessToken, token.subscriptionKey) = (secret, secret)
        #expect(try WireToken(json: JSON.parse(token.bytes)) == token)
    }

    @Test func `lets pass what a newer daemon adds`() throws {
        var object = try #require(try JSON.parse(Self.token.bytes).object)
        object.append("news", 1)
        #expect(try WireToken(json: .object(object)) == Self.token)
    }

    @Test(arguments: [
        "account", "access_token", "token_type", "expires_at_epoch", "expires_in", "generation", "subscription_key",
        "subscription_key_header",
    ])
    func `is refused without`(name: String) throws {
        let members = try #require(try JSON.parse(Self.token.bytes).object).members.filter { $0.name != name }
        #expect(throws: ProtocolViolation("`\(name)` of a token is missing")) {
            try WireToken(json: .object(JSON.Object(members)))
        }
    }

    @Test func `is refused where it is no object`() {
        #expect(throws: ProtocolViolation.self) { try WireToken(json: []) }
    }

    @Test func `shows nothing when printed, dumped or reflected`() {
        var dumped = ""
        dump(Self.token, to: &dumped)
        for text in ["\(Self.token)", String(reflecting: Self.token), dumped] {
            #expect(!text.contains("hunter2"))
            #expect(!text.contains("abc123"))
        }
    }
}

@Suite struct `Accounts` {
    private static let account = WireAccount(
        account: "x",
        apiVersion: .v2,
        baseURL: "https://api.quartile.com",
        username: "ada@example.com",
        state: .degraded,
        generation: 2,
        accessExpiresAt: 1,
        refreshExpiresAt: 2,
        nextRefreshAt: 3,
        passwordStored: true,
        offlineOKUntil: 4,
        lastError: WireLastError(code: "timeout", message: "m", at: 5, retryAt: 6)
    )

    @Test func `is written in the protocol's words`() {
        let expected =
            #"{"account":"x","api_version":"v2","base_url":"https://api.quartile.com","username":"ada@example.com","#
            + #""state":"degraded","generation":2,"access_expires_at":"1970-01-01T00:00:01Z","#
            + #""refresh_expires_at":"1970-01-01T00:00:02Z","next_refresh_at":"1970-01-01T00:00:03Z","#
            + #""password_stored":true,"offline_ok_until":"1970-01-01T00:00:04Z","#
            + #""last_error":{"code":"timeout","message":"m","at":"1970-01-01T00:00:05Z","#
            + #""retry_at":"1970-01-01T00:00:06Z"}}"#
        #expect(Self.account.json.text == expected)
    }

    @Test(arguments: WireAccount.State.allCases)
    func `reads back in each state`(state: WireAccount.State) throws {
        var account = Self.account
        account.state = state
        #expect(try WireAccount(json: account.json) == account)
    }

    @Test func `has null for what is absent`() throws {
        var account = Self.account
        (account.username, account.accessExpiresAt, account.refreshExpiresAt) = (nil, nil, nil)
        (account.nextRefreshAt, account.offlineOKUntil, account.lastError) = (nil, nil, nil)
        let nulls = try #require(account.json.object).members.filter(\.value.isNull).map(\.name)
        #expect(
            nulls == [
                "username", "access_expires_at", "refresh_expires_at", "next_refresh_at", "offline_ok_until",
                "last_error",
            ]
        )
        #expect(try WireAccount(json: account.json) == account)
    }

    @Test func `is refused in a state that is not known`() throws {
        var object = try #require(Self.account.json.object)
        object.append("state", "asleep")
        #expect(throws: ProtocolViolation.self) { try WireAccount(json: .object(object)) }
    }

    @Test func `is refused with a time that names no moment`() throws {
        var object = try #require(Self.account.json.object)
        object.append("access_expires_at", "2026-11-25T10:00:00")
        #expect(throws: ProtocolViolation.self) { try WireAccount(json: .object(object)) }
    }

    @Test func `comes in a list`() throws {
        let list = ListAccountsResult(accounts: [Self.account])
        #expect(try ListAccountsResult(json: list.json) == list)
        #expect(throws: ProtocolViolation.self) { try ListAccountsResult(json: ["accounts": [1]]) }
    }

    @Test(arguments: WireStatus.State.allCases)
    func `comes in a status`(state: WireStatus.State) throws {
        let status = WireStatus(version: "0.1.0", pid: 7, uptime: 60, state: state, accounts: [Self.account])
        #expect(status.json.object?.members.map(\.name) == ["version", "pid", "uptime", "state", "accounts"])
        #expect(try WireStatus(json: status.json) == status)
    }

    @Test func `comes in a status that tells of the key`() throws {
        let key = WireStatus.Key(source: "key file", protects: "copies of the database", advice: "Back it up.")
        let status = WireStatus(version: "0.1.0", pid: 7, uptime: 60, state: .ready, accounts: [], key: key)
        #expect(try WireStatus(json: status.json) == status)
    }
}

@Suite struct `Small results` {
    @Test func `of hello`() throws {
        let hello = HelloResult(version: "0.1.0", pid: 7)
        #expect(hello.json.text == #"{"server":"quartiled","version":"0.1.0","protocol":1,"pid":7}"#)
        #expect(try HelloResult(json: hello.json) == hello)
    }

    @Test func `of validate`() throws {
        let result = ValidateResult(valid: false, checkedAt: 0)
        #expect(result.json.text == #"{"valid":false,"checked_at":"1970-01-01T00:00:00Z"}"#)
        #expect(try ValidateResult(json: result.json) == result)
    }

    @Test(arguments: RejectTokenResult.Outcome.allCases)
    func `of reject_token`(outcome: RejectTokenResult.Outcome) throws {
        let result = RejectTokenResult(outcome, generation: 7)
        #expect(result.json.text == #"{"outcome":"\#(outcome.rawValue)","generation":7}"#)
        #expect(try RejectTokenResult(json: result.json) == result)
    }

    @Test func `of reject_token with an outcome that is not known`() {
        #expect(throws: ProtocolViolation.self) {
            try RejectTokenResult(json: ["outcome": "forgotten", "generation": 7])
        }
    }

    @Test(arguments: [nil, "Back it up."])
    func `of key_status and key_rotate`(advice: String?) throws {
        let result = KeyResult(source: "key file", protects: "copies", keyID: "0123456789abcdef", advice: advice)
        let end = advice.map { "\u{22}\($0)\u{22}" } ?? "null"
        let text = #"{"source":"key file","protects":"copies","key_id":"0123456789abcdef","advice":"#
        #expect(result.json.text == text + end + "}")
        #expect(try KeyResult(json: result.json) == result)
        var older = JSON.Object()
        for member in result.json.object?.members ?? [] where member.name != "advice" {
            older.append(member.name, member.value)
        }
        #expect(try KeyResult(json: .object(older)).advice == nil)
    }

    @Test func `of logout`() throws {
        #expect(LogoutResult().json.text == #"{"removed":true}"#)
        #expect(try LogoutResult(json: LogoutResult().json) == LogoutResult())
    }
}
