import EndToEndHarness
import Foundation
import Testing

/// Secrets in the memory of a daemon that runs.
@Suite(.endToEnd, .enabled(if: ProcessMemory.canRun, "needs root, to look into another process"))
struct MemoryTests {
    /// The part of a token that no other has.
    private func signature(_ token: JSON?) throws -> String {
        String(try #require(token?.string?.split(separator: ".").last))
    }

    private func expect(_ count: Int, _ what: String, of secret: String, in memory: ProcessMemory) async throws {
        // What an answer was sent from is given back a little later than the answer arrives.
        try await eventually("\(what): \(count) times in memory", within: .seconds(20), every: .milliseconds(100)) {
            try memory.count(of: secret) == count
        }
    }

    @Test func aSecretIsThereOnceAndAfterwardsNoMore() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await Daemon(home)
        let memory = ProcessMemory(of: daemon.process)
        let set = try await sandbox.control("POST", "issue", ["username": .string(sandbox.username)])
        let key = try World.current.file("key", sandbox.subscriptionKey)
        try await home.run(
            .quartilectl,
            [
                "import", "--account", "ada", "--base-url", sandbox.url, "--tokens", "-", "--subscription-key-file",
                key,
            ],
            input: .text(set.text)
        ).expect(0)
        var access = try signature(try await home.token("ada")["access_token"])
        try await expect(1, "the access token", of: access, in: memory)
        try await expect(1, "the subscription key", of: sandbox.subscriptionKey, in: memory)
        let refresh = try #require(set["refresh"]?["token"]?.string)
        try await expect(1, "the refresh token", of: refresh, in: memory)

        try await home.ctl("refresh", "--account", "ada").expect(0)
        try await expect(0, "the former access token", of: access, in: memory)
        try await expect(0, "the former refresh token", of: refresh, in: memory)
        access = try signature(try await home.token("ada")["access_token"])

        // The same account with another login, whose password is kept.
        try await home.logIn("ada", to: sandbox)
        try await expect(0, "the former access token", of: access, in: memory)
        access = try signature(try await home.token("ada")["access_token"])
        try await home.ctl("validate", "--account", "ada").expect(0)
        try await home.ctl("status", "--json").expect(0)
        try await expect(1, "the access token", of: access, in: memory)
        try await expect(1, "the password", of: sandbox.password, in: memory)

        try await home.ctl("logout", "--account", "ada").expect(0)
        try await expect(0, "the access token", of: access, in: memory)
        try await expect(0, "the password", of: sandbox.password, in: memory)
        try await expect(0, "the subscription key", of: sandbox.subscriptionKey, in: memory)
        let text = try String(contentsOfFile: home.key, encoding: .utf8).trimmingCharacters(in: .newlines)
        try await expect(0, "the key's text", of: text, in: memory)
        try await daemon.stop()
    }

    @Test func whatWasSentOnAConnectionThatStaysOpenIsGoneToo() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await Daemon(home)
        let memory = ProcessMemory(of: daemon.process)
        let client = try WireClient(home)
        let login: JSON = [
            "account": "ada", "base_url": .string(sandbox.url), "username": .string(sandbox.username),
            "subscription_key": .string(sandbox.subscriptionKey), "password": .string(sandbox.password),
        ]
        #expect(try await client.call("login", login)["result"] != nil)
        try await expect(1, "the password", of: sandbox.password, in: memory)
        #expect(try await client.call("logout", ["account": "ada"])["result"] != nil)
        try await expect(0, "the password", of: sandbox.password, in: memory)
        try await expect(0, "the subscription key", of: sandbox.subscriptionKey, in: memory)
        #expect(try await client.call("hello")["result"] != nil)
        try await daemon.stop()
    }
}
