import EndToEndHarness
import Foundation

extension Fault {
    /// A password that the user changed elsewhere: trying it again and again locks an account.
    static let rejectedPassword = Fault(
        "password",
        "a stored password that the API rejects, and ten restarts",
        bar: "exactly one login request"
    ) { plan in
        var tally = Tally()
        let modes = plan.quick ? ["strict"] : ["strict", "grace", "lenient"]
        for mode in modes where plan.includes(mode) {
            do {
                tally.count(mode, problem: try await problem(mode))
            } catch {
                tally.count(mode, problem: "\(error)")
            }
        }
        return tally
    }

    private static func problem(_ mode: String) async throws -> String? {
        let sandbox = try await Sandbox(arguments: ["--mode", mode])
        let home = try Home()
        let daemon = try await Daemon(home)
        try await home.enter("ada", sandbox)
        try await sandbox.set(["users": [sandbox.username: ["password": "another-horse-ada"]]])
        try await sandbox.control("POST", "revoke", ["username": .string(sandbox.username)])
        let before = try await sandbox.calls("login").count
        _ = try await WireClient(home).call("refresh", ["account": "ada"])
        for restart in 0...10 {
            if restart > 0 {
                if restart % 2 == 0 { try await daemon.kill() } else { try await daemon.stop() }
                try await daemon.start()
            }
            try await eventually("login_required") { try await home.standing(of: "ada")["state"] == "login_required" }
            // Neither a caller nor a user's refresh is a reason to try it again.
            let answer = try await WireClient(home).call("refresh", ["account": "ada"])
            guard answer["error"]?["data"]?["code"] == "login_required" else { return "refresh answers \(answer.text)" }
            _ = try await WireClient(home).call("get_token", ["account": "ada", "min_valid": 43_000, "max_wait": 1])
            let logins = try await sandbox.calls("login").count - before
            guard logins == 1 else { return "\(logins) login requests after \(restart) restarts" }
        }
        // With the right one it is well again.
        try await home.call("update_account", ["account": "ada", "password": "another-horse-ada"])
        try await home.waitUntilWell("ada", sandbox)
        return nil
    }
}
