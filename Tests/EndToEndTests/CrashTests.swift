import EndToEndHarness
import Foundation
import Testing

/// `kill -9`, and what is left.
@Suite(.endToEnd, .serialized) struct CrashTests {
    @Test func aKilledDaemonServesFromTheDatabaseWithoutACallUpstream() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await Daemon(home)
        try await home.logIn("ada", to: sandbox)
        let token = try await home.token("ada")
        let calls = try await sandbox.calls().count

        for _ in 0..<5 {
            try await daemon.killAndStart()
            let served = try await home.token("ada")
            #expect(served["access_token"] == token["access_token"])
            #expect(served["generation"] == 1)
            #expect(served["degraded"] == nil)
        }
        #expect(try await home.account("ada")["state"] == "active")
        #expect(try await sandbox.calls().count == calls)
    }

    @Test func killsWhileItStartsLoseNothing() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await Daemon(home)
        try await home.logIn("ada", to: sandbox)
        let token = try await home.token("ada")
        try await daemon.kill()
        for _ in 0..<12 {
            let process = try home.start(.quartiled)
            // The moment of the kill is what is random here; nothing is waited for.
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...60)))
            process.signal(SIGKILL)
            _ = try await process.waitForEnd()
        }
        try await daemon.start()
        #expect(try await home.token("ada")["access_token"] == token["access_token"])
        #expect(try await sandbox.calls().count == 1)
    }

    /// Where in an exchange the daemon dies.
    enum Moment: String, CaseIterable {
        /// The request is there, and nothing is spent.
        case before
        /// The refresh token is spent, and the answer never comes.
        case after
    }

    @Test(arguments: ["strict", "grace", "lenient"])
    func killedInTheMiddleOfRefreshesItIsActiveAgain(mode: String) async throws {
        let sandbox = try await Sandbox("--mode", mode)
        let home = try Home()
        let daemon = try await Daemon(home, environment: ["QUARTILED_LOGIN_BUDGET": "100"])
        try await home.logIn("ada", to: sandbox)
        var generation = 1
        for moment in Moment.allCases + Moment.allCases {
            let before = try await home.token("ada")
            try await sandbox.fault("hang", ["call": "refresh", "when": .string(moment.rawValue)])
            let seen = try await sandbox.calls().count
            let refresh = try home.start(.quartilectl, ["refresh", "--account", "ada"])
            try await sandbox.waitForCall("refresh") { ($0["n"]?.int ?? 0) > seen }
            try await daemon.kill()
            refresh.signal(SIGKILL)
            try await sandbox.clearFaults()
            try await daemon.start()

            // What it had is served at once, and it heals by itself.
            #expect(try await home.token("ada")["access_token"] != nil)
            let account = try await home.waitUntil("ada", is: "active")
            let newer = try #require(account["generation"]?.int)
            #expect(newer == generation + 1)
            generation = newer
            let token = try await home.token("ada")
            #expect(token["access_token"] != before["access_token"])
            #expect(try await sandbox.accepts(try #require(token["access_token"]?.string)))
        }
        // With a password stored, no refresh token that may be spent is ever presented again.
        #expect(try await sandbox.control("GET", "state")["reused"] == 0)
    }

    @Test func killedAtRandomMomentsOfARefreshItIsActiveAgain() async throws {
        let sandbox = try await Sandbox("--latency", "30ms")
        let home = try Home()
        let daemon = try await Daemon(home, environment: ["QUARTILED_LOGIN_BUDGET": "100"])
        try await home.logIn("ada", to: sandbox)
        for _ in 0..<8 {
            let refresh = try home.start(.quartilectl, ["refresh", "--account", "ada"])
            // The moment of the kill is what is random here; nothing is waited for.
            try await Task.sleep(for: .milliseconds(Int.random(in: 5...80)))
            try await daemon.kill()
            refresh.signal(SIGKILL)
            try await daemon.start()
            #expect(try await home.token("ada")["access_token"] != nil)
            try await home.waitUntil("ada", is: "active")
            let token = try #require(try await home.token("ada")["access_token"]?.string)
            #expect(try await sandbox.accepts(token))
        }
        #expect(try await sandbox.control("GET", "state")["reused"] == 0)
    }

    @Test func killedWithNoPasswordStoredItReplaysOnceAndLives() async throws {
        let sandbox = try await Sandbox("--mode", "grace", "--grace", "1h")
        let home = try Home()
        let daemon = try await Daemon(home)
        try await home.logIn("ada", to: sandbox, "--no-remember")
        #expect(try await home.account("ada")["password_stored"] == false)
        try await sandbox.fault("hang", ["call": "refresh", "when": "after"])
        let refresh = try home.start(.quartilectl, ["refresh", "--account", "ada"])
        try await sandbox.waitForCall("refresh")
        try await daemon.kill()
        refresh.signal(SIGKILL)
        try await sandbox.clearFaults()
        try await daemon.start()
        let account = try await home.waitUntil("ada", is: "active")
        #expect(account["generation"] == 2)
        #expect(try await sandbox.calls("login").count == 1)
        #expect(try await sandbox.control("GET", "state")["reused"] == 1)
    }
}
