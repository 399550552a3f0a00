import QuartileWire
import Testing

@testable import quartilectl

private func parse(_ text: String) throws(Failure) -> Credentials {
    try CredentialsFile.parse(Array(text.utf8), "c.json").complete("c.json")
}

/// What is said of a file that is refused, without what all such sentences end in.
private func complaint(_ text: String) -> String? {
    do throws(Failure) {
        _ = try parse(text)
        return nil
    } catch {
        #expect(error.exitCode == 64)
        let end = #"; it must be {"username": "...", "password": "...", "subscription_key": "..."}"#
        #expect(error.message.hasSuffix(end))
        return String(error.message.dropLast(end.count))
    }
}

@Suite struct `Credentials file` {
    @Test func `is read`() throws {
        let credentials = try parse(
            #"{"username": "ada@example.com", "password": "pä ss", "subscription_key": "abc123"}"#
        )
        #expect(credentials == Credentials(username: "ada@example.com", password: "pä ss", subscriptionKey: "abc123"))
    }

    @Test(arguments: [
        ("", "is not JSON (unexpected end at offset 0)"), ("hunter2", "is not JSON (unexpected byte at offset 0)"),
        ("[]", "is a JSON array"), ("\"hunter2\"", "is a JSON string"),
        (#"{"username":"u","password":"p"}"#, "has no `subscription_key`"),
        (#"{"username":"u","subscription_key":"k"}"#, "has no `password`"),
        (#"{"password":"p","subscription_key":"k"}"#, "has no `username`"),
        (#"{"username":"u","password":1,"subscription_key":"k"}"#, "has a `password` that is a JSON number"),
        (#"{"username":"u","password":null,"subscription_key":"k"}"#, "has a `password` that is a JSON null"),
        (#"{"username":"","password":"p","subscription_key":"k"}"#, "has an empty `username`"),
        (
            #"{"username":"u","password":"p","subscription_key":"k","hunter2":1}"#,
            "has a member that does not belong there"
        ),
        (
            #"{"username":"u","password":"p","subscription_key":"k\r\nX: y"}"#,
            "has a `subscription_key` that can't be one"
        ),
    ])
    func `is refused with what is wrong`(text: String, expected: String) {
        #expect(complaint(text) == "the credentials file c.json \(expected)")
    }

    @Test(arguments: ["hunter2", #"{"username":"hunter2","password":"hunter2","hunter2":"hunter2"}"#, "[\"hunter2\"]"])
    func `is quoted in no complaint`(text: String) {
        #expect(complaint(text)?.contains("hunter2") == false)
    }

    @Test func `may hold a part for an update`() throws {
        let file = try CredentialsFile.parse(Array(#"{"password":"p"}"#.utf8), "-")
        #expect(file == CredentialsFile(password: "p"))
    }

    @Test func `shows nothing when printed or dumped`() throws {
        let credentials = Credentials(username: "u", password: "hunter2")
        var dumped = ""
        dump(credentials, to: &dumped)
        dump(CredentialsFile(password: "hunter2"), to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), dumped] { #expect(!text.contains("hunter2")) }
    }
}

@Suite struct `Token format` {
    private static let token = """
        {"account":"x","access_token":"a'b","token_type":"Bearer","expires_at":"2026-11-25T10:00:00Z",\
        "expires_at_epoch":1795600800,"expires_in":60,"generation":1,"subscription_key":"abc123",\
        "subscription_key_header":"Ocp-Apim-Subscription-Key","news":[1]}
        """

    @Test(arguments: [
        (TokenFormat.raw, "a'b\n"), (.json, token + "\n"),
        (.header, "Authorization: Bearer a'b\nOcp-Apim-Subscription-Key: abc123\n"),
        (.env, "QUARTILE_ACCESS_TOKEN='a'\\''b'\nQUARTILE_SUBSCRIPTION_KEY='abc123'\n"),
    ])
    func `is written`(format: TokenFormat, expected: String) throws {
        #expect(try format.text(try JSON.parse(Self.token.utf8)) == expected)
    }

    @Test(arguments: TokenFormat.allCases)
    func `is refused for what is no token`(format: TokenFormat) {
        #expect(throws: ProtocolViolation.self) { try format.text(["account": "x"]) }
    }
}
