import EndToEndHarness
import Foundation
import Testing

/// From nothing to a token.
@Suite(.endToEnd) struct FirstTokenTests {
    @Test func aNewUserGetsATokenWithoutAConfiguration() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        _ = try await Daemon(home)
        #expect(!FileManager.default.fileExists(atPath: home.configuration))

        let login = try await home.logIn("ada", to: sandbox)
        #expect(login.output.contains("ada"))
        #expect(login.errors.isEmpty)

        let run = try await home.ctl("get-token").expect(0)
        let lines = run.output.split(separator: "\n", omittingEmptySubsequences: false)
        try #require(lines.count == 2 && lines[1].isEmpty, "a token and a newline")
        let token = String(lines[0])
        #expect(try claims(token)["sub"]?.string == sandbox.username)
        #expect(try await sandbox.accepts(token))
        #expect(try await sandbox.calls().map { $0["call"]?.string } == ["login", "validate"])
    }

    @Test func everyFormatHoldsTheSameToken() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        _ = try await Daemon(home)
        try await home.logIn("ada", to: sandbox)
        func get(_ format: String) async throws -> String {
            try await home.ctl("get-token", "--account", "ada", "--format", format).expect(0).output
        }

        let token = String(try await get("raw").dropLast())
        let json = try JSON(try await get("json"))
        #expect(
            json.names == [
                "account", "access_token", "token_type", "expires_at", "expires_at_epoch", "expires_in", "generation",
                "subscription_key", "subscription_key_header",
            ]
        )
        #expect(json["account"] == "ada")
        #expect(json["access_token"]?.string == token)
        #expect(json["token_type"] == "Bearer")
        #expect(json["generation"] == 1)
        #expect(json["subscription_key"]?.string == sandbox.subscriptionKey)
        #expect(json["subscription_key_header"] == "Subscription-Key")
        let epoch = try #require(json["expires_at_epoch"]?.int)
        let written = try #require(json["expires_at"]?.string)
        #expect(written.hasSuffix("Z"))
        #expect(try Date(written, strategy: .iso8601).timeIntervalSince1970 == Double(epoch))
        #expect((43_000...43_200).contains(try #require(json["expires_in"]?.int)))

        #expect(
            try await get("header")
                == "Authorization: Bearer \(token)\nSubscription-Key: \(sandbox.subscriptionKey)\n"
        )
        let text = try await get("env")
        #expect(try await evaluated(text, in: home) == [token, sandbox.subscriptionKey])
    }

    /// The two variables, as a shell reads them.
    private func evaluated(_ text: String, in home: Home) async throws -> [String] {
        let script = "\(text)\nprintf '%s\\n%s\\n' \"$QUARTILE_ACCESS_TOKEN\" \"$QUARTILE_SUBSCRIPTION_KEY\""
        let shell = try ChildProcess("/bin/sh", ["-eu"], environment: home.environment, input: .text(script))
        #expect(try await shell.waitForEnd() == .exit(0))
        return shell.output.split(separator: "\n").map(String.init)
    }

    @Test func aShellReadsEveryTokenAsItIs() async throws {
        let home = try Home()
        _ = try await Daemon(home)
        let token = #"it's-$(id)-`id`-"$HOME"-\;&|*?#~"#
        let set: JSON = [
            "authorization": ["token": .string(token), "type": "Bearer", "expires_in": 3600],
            "refresh": ["token": "invented-refresh-token", "expires_in": 7200],
        ]
        let world = try World.current
        let key = String(repeating: "k1", count: 16)
        try await home.ctl(
            "import",
            "--account",
            "odd",
            "--base-url",
            "http://127.0.0.1:9",
            "--tokens",
            "-",
            "--subscription-key-file",
            try world.file("key", key + "\n"),
            input: .text(set.text)
        ).expect(0)
        let text = try await home.ctl("get-token", "--format", "env").expect(0).output
        #expect(try await evaluated(text, in: home) == [token, key])
    }

    @Test func nobodyElseCanReadWhatTheDaemonMakes() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await Daemon(home)
        try await home.logIn("ada", to: sandbox)
        var seen: Set<String> = []
        func check() throws {
            for root in [home.runtime + "/quartiled", home.state, home.directory + "/data"] {
                #expect(try permissions(root) == 0o700, "\(root)")
                let entries = try #require(FileManager.default.enumerator(atPath: root))
                for case let name as String in entries {
                    let path = root + "/" + name
                    var isDirectory: ObjCBool = false
                    _ = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
                    #expect(try permissions(path) == (isDirectory.boolValue ? 0o700 : 0o600), "\(path)")
                    seen.insert(URL(filePath: path).lastPathComponent)
                }
            }
        }
        try check()
        #expect(seen.isSuperset(of: ["quartiled.sock", "quartiled.db", "quartiled.db.lock", "key"]))
        try await daemon.stop()
        try check()
        #expect(!FileManager.default.fileExists(atPath: home.configuration))
    }

    @Test func logoutLeavesNothing() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await Daemon(home)
        try await home.logIn("ada", to: sandbox)
        try await home.ctl("logout", "--account", "ada").expect(0)
        try await home.ctl("get-token", "--account", "ada").expect(67)
        #expect(try JSON(try await home.ctl("list", "--json").expect(0).output)["accounts"]?.elements.isEmpty ?? true)
        try await daemon.killAndStart()
        try await home.ctl("get-token", "--account", "ada").expect(67)
        let database = try Data(contentsOf: URL(filePath: home.database))
        #expect(database.range(of: Data(sandbox.username.utf8)) == nil)
    }
}
