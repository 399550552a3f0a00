import EndToEndHarness
import Foundation

/// A daemon with one account, and a sandbox whose clock is right, or wrong by a known amount.
final class TokenWatch {
    let sandbox: Sandbox
    let home: Home
    let daemon: Daemon
    private let skew: Double

    init(life: Double, environment: [String: String] = [:], skew: Double = 0, form: String = "naive") async throws {
        self.skew = skew
        sandbox = try await Sandbox(arguments: ["--access-lifetime", "\(Int(life))s"])
        try await sandbox.set(["clock_skew": .number(skew), "expires_at_form": .string(form)])
        home = try Home()
        daemon = try await Daemon(home, environment: environment)
        try await home.enter("ada", sandbox)
    }

    func refreshes() async throws -> [JSON] { try await sandbox.calls("refresh") }

    /// Asks for a token for so long, and says what was wrong with one: that it had ended by the server's clock.
    func problem(for time: Duration) async throws -> String? {
        let end = ContinuousClock.now + time
        var generation = 0
        while ContinuousClock.now < end {
            let token = try await home.call("get_token", ["account": "ada"])
            let text = try present(token["access_token"]?.string, "a token")
            let expiry = (try claims(text)["exp"]?.number ?? 0) - skew
            // The claim is in whole seconds, rounded down.
            if Date().timeIntervalSince1970 > expiry + 1 {
                return "a token was served \(Date().timeIntervalSince1970 - expiry) s after its end"
            }
            let next = token["generation"]?.int ?? 0
            if next < generation { return "generation \(next) after \(generation)" }
            generation = next
            try await Task.sleep(for: .milliseconds(50))
        }
        let newest = try await home.call("get_token", ["account": "ada"])["access_token"]?.string
        return try await sandbox.accepts(newest ?? "") ? nil : "the API does not take the newest token"
    }

    /// What is wrong unless the daemon's wall clock is so far ahead of ours: else nothing was tried.
    func problem(showing step: Duration) async throws -> String? {
        let token = try await home.call("get_token", ["account": "ada"])
        let end = token["expires_at_epoch"]?.number ?? 0
        let ahead = end - (token["expires_in"]?.number ?? 0) - Date().timeIntervalSince1970
        return abs(ahead - step / .seconds(1)) < 5 ? nil : "the daemon's clock is \(ahead) s ahead, not \(step)"
    }
}
