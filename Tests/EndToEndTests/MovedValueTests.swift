import EndToEndHarness
import Foundation
import Testing

/// Sealed values in another place than the one they were sealed for, through the built daemon.
@Suite(.endToEnd) struct MovedValueTests {
    private static let ada = "(SELECT id FROM accounts WHERE name = 'ada')"
    private static let bob = "(SELECT id FROM accounts WHERE name = 'bob')"

    /// Each moves one value of ada's, and nothing of bob's; `EVIL` stands for an API that would take what it gets.
    static let moves = [
        // From another account's row.
        "UPDATE accounts SET subscription_key = (SELECT subscription_key FROM accounts WHERE name = 'bob') WHERE id = \(ada)",
        "UPDATE accounts SET password = (SELECT password FROM accounts WHERE name = 'bob') WHERE id = \(ada)",
        "UPDATE token_sets SET access_token = (SELECT access_token FROM token_sets WHERE account_id = \(bob)) WHERE account_id = \(ada)",
        "UPDATE token_sets SET refresh_token = (SELECT refresh_token FROM token_sets WHERE account_id = \(bob)) WHERE account_id = \(ada)",
        // From another column.
        "UPDATE accounts SET password = subscription_key WHERE id = \(ada)",
        "UPDATE token_sets SET access_token = refresh_token WHERE account_id = \(ada)",
        // From another generation.
        "UPDATE token_sets SET generation = generation + 1 WHERE account_id = \(ada)",
        "UPDATE token_sets SET generation = 1 WHERE account_id = \(ada)",
        // For another base URL.
        "UPDATE accounts SET base_url = 'EVIL' WHERE id = \(ada)",
    ]

    @Test(arguments: moves)
    func aMovedValueDoesNotOpenAndNothingIsSentWithIt(sql: String) async throws {
        // Due soon after each start, so that what opens is sent.
        let sandbox = try await Sandbox("--access-lifetime", "1s", "--username", "bob@example.com")
        let evil = try await Sandbox()
        let ada: JSON = ["username": "ada@example.com", "password": "horse-of-ada"]
        try await sandbox.control("POST", "users", ada)
        let home = try Home()
        let daemon = try await Daemon(home, environment: ["QUARTILED_LOG_LEVEL": "trace"])
        try await home.logIn("bob", to: sandbox)
        var credentials = sandbox.credentials
        if case .object(let members) = credentials, case .object(let more) = ada {
            credentials = .object(members.merging(more) { $1 })
        }
        let login = ["login", "--account", "ada", "--base-url", sandbox.url, "--credentials", "-"]
        try await home.run(.quartilectl, login, input: .text(credentials.text)).expect(0)
        try await home.ctl("refresh", "--account", "ada").expect(0)
        try await daemon.stop()
        let whole = try Data(contentsOf: URL(filePath: home.database))
        try DatabaseFiles(home: home).change(sql.replacing("EVIL", with: evil.url))
        func callsOfAda() async throws -> Int {
            try await sandbox.calls().count { $0["username"] == "ada@example.com" }
        }
        let before = try await callsOfAda()

        try await daemon.start()
        let wire = try WireClient(home)
        for (method, more) in [
            ("get_token", [:]), ("status", [:]), ("refresh", [:]), ("validate", [:]),
            ("reject_token", ["generation": 1]), ("update_account", ["password": "another-horse"]),
        ] as [(String, [String: JSON])] {
            let error = try await wire.call(method, .object(more.merging(["account": "ada"]) { $1 }))["error"]
            #expect(error?["code"] == -32008, "\(method)")
            #expect(error?["data"]?["code"] == "storage_failed", "\(method)")
            #expect(error?["message"]?.string?.contains("do not open") == true, "\(method)")
            #expect(error?["data"]?["remedy"] == "quartilectl logout --account ada")
        }
        let refused = try await home.ctl("get-token", "--account", "ada").expect(74)
        #expect(refused.output.isEmpty)
        // The other is served, and what is due is done.
        let generation = try #require(try await home.account("bob")["generation"]?.int)
        try await eventually("a refresh of bob's") {
            try #require(try await home.account("bob")["generation"]?.int) > generation
        }
        #expect(try await home.ctl("get-token", "--account", "bob").end == .exit(0))
        #expect(daemon.log.contains("the secrets of an account do not open"))
        try await daemon.stop()
        #expect(try await callsOfAda() == before)
        #expect(try await evil.calls().isEmpty)

        // It was this value and nothing else.
        try whole.write(to: URL(filePath: home.database))
        try await daemon.start()
        try await home.waitUntil("ada", is: "active")
        try await home.ctl("logout", "--account", "ada").expect(0)
    }
}
