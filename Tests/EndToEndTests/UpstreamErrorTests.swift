import EndToEndHarness
import Foundation
import Testing

/// An API that fails or refuses: what is served meanwhile, what is said, and the exit codes.
@Suite(.endToEnd) struct UpstreamErrorTests {
    /// A fault that strikes every refresh and login until it is removed.
    struct Trouble: Sendable, CustomTestStringConvertible {
        let kind: String
        var fields: [String: JSON] = [:]
        var testDescription: String { kind + (fields.isEmpty ? "" : " " + JSON.object(fields).text) }
    }

    static let troubles = [
        Trouble(kind: "status", fields: ["code": 500]),
        Trouble(kind: "status", fields: ["code": 503, "when": "after"]),
        Trouble(kind: "html", fields: ["code": 502]), Trouble(kind: "html", fields: ["code": 401]),
        Trouble(kind: "status", fields: ["code": 429]), Trouble(kind: "reset"), Trouble(kind: "close"),
        Trouble(kind: "truncate"), Trouble(kind: "hang"), Trouble(kind: "endless"),
        Trouble(kind: "redirect", fields: ["location": "http://127.0.0.1:9/"]),
        Trouble(kind: "malformed", fields: ["variant": "not_json"]),
        Trouble(kind: "bad_token", fields: ["part": "refresh"]), Trouble(kind: "bad_lifetime"),
    ]

    @Test(arguments: troubles)
    func theValidTokenIsServedAllAlong(trouble: Trouble) async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await Daemon(home, environment: ["QUARTILED_API_TIMEOUT": "2s"])
        try await home.logIn("ada", to: sandbox)
        let before = try await home.token("ada")
        try await sandbox.fault(trouble.kind, trouble.fields.merging(["times": .null]) { $1 })

        let refresh = try await home.ctl("refresh", "--account", "ada").expect(75)
        #expect(refresh.output.isEmpty)
        #expect(refresh.errors.hasPrefix("quartilectl: "))
        #expect(refresh.errors.split(separator: "\n").count == 1)
        let during = try await home.token("ada")
        #expect(during["access_token"] == before["access_token"])
        #expect(during["degraded"]?["code"] == "upstream_unavailable")
        #expect(during["degraded"]?.names == ["code", "message", "retry_at"])
        let account = try await home.account("ada")
        #expect(account["state"] == "degraded")
        #expect(account["last_error"]?.names == ["code", "message", "at", "retry_at"])
        try await home.ctl("status", "--check").expect(1)
        #expect(try await home.ctl("status").expect(0).output.contains("degraded"))

        // It is kept over a restart.
        try await daemon.killAndStart()
        #expect(try await home.token("ada")["access_token"] == before["access_token"])
        try await sandbox.clearFaults()
        try await eventually("a refresh that works") {
            try await home.ctl("refresh", "--account", "ada").end == .exit(0)
        }
        try await home.ctl("status", "--check").expect(0)
        let token = try #require(try await home.token("ada")["access_token"]?.string)
        #expect(token != before["access_token"]?.string)
        #expect(try await sandbox.accepts(token))
    }

    @Test(arguments: ["retry_after", "retry_after_date"])
    func aRetryAfterHoldsEvenAForcedRefresh(form: String) async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await Daemon(home)
        try await home.logIn("ada", to: sandbox)
        try await sandbox.fault("status", ["code": 429, form: 3600, "call": "refresh"])
        try await home.ctl("refresh", "--account", "ada").expect(75)
        let count = try await sandbox.calls().count
        let answer = try await WireClient(home).call("refresh", ["account": "ada"])
        #expect(answer["error"]?["code"] == -32003)
        let retryAt = try #require(answer["error"]?["data"]?["retry_at"]?.string)
        let wait = try Date(retryAt, strategy: .iso8601).timeIntervalSinceNow
        #expect((3000...3601).contains(wait), "\(wait)")
        #expect(try await sandbox.calls().count == count)
        #expect(try await home.token("ada")["degraded"]?["retry_at"]?.string == retryAt)
        #expect(try await daemon.stop() == .exit(0))
    }

    @Test func withNoTokenLeftTheErrorSaysWhen() async throws {
        let sandbox = try await Sandbox("--access-lifetime", "2s")
        let home = try Home()
        _ = try await Daemon(home)
        try await sandbox.fault("status", ["code": 503, "call": "refresh", "times": .null])
        try await sandbox.fault("status", ["code": 503, "call": "login", "skip": 1, "times": .null])
        try await home.logIn("ada", to: sandbox)
        try await home.waitUntil("ada", is: "expired")
        let answer = try await WireClient(home).call("get_token", ["account": "ada", "max_wait": 0])
        #expect(answer["error"]?["code"] == -32003 || answer["error"]?["code"] == -32005)
        try await eventually("upstream_unavailable while nothing is under way") {
            let answer = try await WireClient(home).call("get_token", ["account": "ada", "max_wait": 0])
            return answer["error"]?["code"] == -32003 && answer["error"]?["data"]?["retry_at"]?.string != nil
        }
        try await home.ctl("get-token", "--max-wait", "0").expect(75)
        try await home.ctl("status", "--check").expect(1)
        try await sandbox.clearFaults()
        // A caller that waits gets the next set.
        try await home.ctl("get-token").expect(0)
    }

    @Test func aCallerWhoseTimeRunsOutIsTold() async throws {
        let sandbox = try await Sandbox("--access-lifetime", "2s")
        let home = try Home()
        _ = try await Daemon(home)
        try await home.logIn("ada", to: sandbox)
        try await sandbox.fault("hang", ["call": "refresh", "times": .null])
        try await sandbox.waitForCall("refresh")
        try await eventually("the end of the token") {
            let answer = try await WireClient(home).call("get_token", ["account": "ada", "max_wait": 0.05])
            return answer["error"]?["code"] == -32005 && answer["error"]?["data"]?["code"] == "timeout"
        }
        try await home.ctl("get-token", "--max-wait", "0").expect(75)
        try await sandbox.clearFaults()
        try await home.ctl("get-token").expect(0)
    }

    @Test func aLoginThatIsRefusedHasTheAPIsOwnWordsAndStoresNothing() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        _ = try await Daemon(home)
        func login(_ changes: [String: JSON]) async throws -> Finished {
            guard case .object(let right) = sandbox.credentials else { preconditionFailure() }
            return try await home.ctl(
                "login",
                "--account",
                "ada",
                "--base-url",
                sandbox.url,
                "--credentials",
                "-",
                input: .text(JSON.object(right.merging(changes) { $1 }).text)
            )
        }
        let password = try await login(["password": "a-wrong-horse"]).expect(65)
        #expect(password.errors.contains("Incorrect username or password."))
        #expect(password.output.isEmpty)
        #expect(!password.errors.contains("a-wrong-horse"))
        let key = try await login(["subscription_key": .string(String(repeating: "0", count: 32))]).expect(65)
        #expect(key.errors.contains("invalid subscription key"))
        try await sandbox.set(["users": [sandbox.username: ["key_state": "pending"]]])
        #expect(try await login([:]).expect(65).output.isEmpty)
        try await sandbox.set(["users": [sandbox.username: ["key_state": "approved"]]])
        try await sandbox.fault(
            "status",
            [
                "code": 422,
                "body": ["detail": [["loc": ["body", "username"], "msg": "not an e-mail", "type": "value"]]],
            ]
        )
        #expect(try await login([:]).expect(65).errors.contains("not an e-mail"))
        try await home.ctl("get-token", "--account", "ada").expect(67)

        // One that is there stays as it was.
        try await login([:]).expect(0)
        let before = try await home.token("ada")
        try await login(["password": "a-wrong-horse"]).expect(65)
        let after = try await home.token("ada")
        #expect(after["access_token"] == before["access_token"])
        #expect(try await home.account("ada")["state"] == "active")
    }

    @Test func withoutAPasswordALostRefreshTokenTakesAPerson() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await Daemon(home)
        try await home.logIn("ada", to: sandbox, "--no-remember")
        try await sandbox.control("POST", "revoke", ["username": .string(sandbox.username)])
        let refused = try await home.ctl("refresh", "--account", "ada").expect(77)
        #expect(refused.errors.contains("; run: quartilectl login --account ada"))
        let answer = try await WireClient(home).call("refresh", ["account": "ada"])
        #expect(answer["error"]?["code"] == -32002)
        #expect(answer["error"]?["data"]?["code"] == "login_required")
        try await home.ctl("status", "--check").expect(2)
        try await daemon.killAndStart()
        #expect(try await home.account("ada")["state"] == "login_required")
        try await home.logIn("ada", to: sandbox)
        let account = try await home.account("ada")
        #expect(account["state"] == "active")
        #expect(account["generation"] == 2)
        #expect(try await home.ctl("validate", "--account", "ada").expect(0).errors.isEmpty)
        try await sandbox.control("POST", "revoke", ["username": .string(sandbox.username)])
        // An answer of the last five seconds is given again; a new generation is asked about anew.
        try await home.logIn("ada", to: sandbox)
        try await sandbox.control("POST", "revoke", ["username": .string(sandbox.username)])
        try await home.ctl("validate", "--account", "ada").expect(1)
    }

    @Test func aLoginThatChangesNothingMakesNoCall() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        _ = try await Daemon(home)
        try await home.logIn("ada", to: sandbox)
        try await home.logIn("ada", to: sandbox, "--if-changed")
        #expect(try await sandbox.calls().count == 1)
        try await home.logIn("ada", to: sandbox)
        #expect(try await sandbox.calls().count == 2)
    }
}
