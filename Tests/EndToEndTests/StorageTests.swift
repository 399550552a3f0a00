import EndToEndHarness
import Foundation
import Testing

/// A database that can't be written for a while.
@Suite(.endToEnd) struct StorageTests {
    @Test func nothingIsSentThatCouldNotBeSaved() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        _ = try await Daemon(home)
        try await home.logIn("ada", to: sandbox)
        let before = try await home.token("ada")

        let blockade = try Blockade(home.database)
        let refused = try await home.ctl("refresh", "--account", "ada").expect(74)
        #expect(refused.output.isEmpty)
        #expect(refused.errors.contains(home.database))
        #expect(try await home.token("ada")["access_token"] == before["access_token"])
        let answer = try await WireClient(home).call("refresh", ["account": "ada"])
        #expect(answer["error"]?["code"] == -32008)
        #expect(answer["error"]?["data"]?["code"] == "storage_failed")
        #expect(try await WireClient(home).call("logout", ["account": "ada"])["error"]?["code"] == -32008)
        #expect(try await sandbox.calls("refresh").isEmpty)
        blockade.end()

        // Once by itself, perhaps, and once because it is asked to.
        try await home.ctl("refresh", "--account", "ada").expect(0)
        #expect(try await home.account("ada")["state"] == "active")
        let refreshes = try await sandbox.calls("refresh")
        #expect(refreshes.allSatisfy { $0["outcome"] == "rotated" })
        #expect(try await home.token("ada")["generation"]?.int == refreshes.count + 1)
    }

    @Test func aReceivedSetIsKeptUntilItCanBeSaved() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await Daemon(home)
        try await home.logIn("ada", to: sandbox)
        try await sandbox.fault("hang", ["call": "refresh", "when": "after"])
        let refresh = try home.start(.quartilectl, ["refresh", "--account", "ada"])
        try await sandbox.waitForCall("refresh")
        let blockade = try Blockade(home.database)
        try await sandbox.clearFaults()
        // It has the new set, though not on disk yet.
        #expect(try await refresh.waitForEnd() == .exit(0))
        let served = try await home.token("ada")
        #expect(served["generation"] == 2)
        #expect(try await sandbox.accepts(try #require(served["access_token"]?.string)))
        #expect(try await WireClient(home).call("status")["result"]?["state"] == "storage_failed")
        blockade.end()

        try await eventually("the set saved") {
            try await WireClient(home).call("status")["result"]?["state"] == "ready"
        }
        try await daemon.killAndStart()
        #expect(try await home.token("ada")["access_token"] == served["access_token"])
        #expect(try await sandbox.calls("refresh").count == 1)
        #expect(try await sandbox.calls("login").count == 1)
    }
}
