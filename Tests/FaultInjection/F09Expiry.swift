import EndToEndHarness
import Foundation

extension Fault {
    /// The moment that every client of a machine wants the same thing.
    static let expiry = Fault(
        "F9",
        "1,000 clients at the moment of expiry",
        bar: "one refresh per generation, 1,000 good answers; no client sees an older generation after a newer one"
    ) { plan in
        var tally = Tally()
        do {
            let sandbox = try await Sandbox(arguments: ["--access-lifetime", "\(plan.count(quick: 4, full: 6))s"])
            let home = try Home()
            let daemon = try await Daemon(home)
            try await home.enter("ada", sandbox)
            let crowd = Crowd(try ClientCrowd(1000, to: home, account: "ada"))
            for generation in 1...plan.count(quick: 1, full: 10) {
                let name = "generation-\(generation)"
                tally.count(name, problem: try await problem(generation, crowd, home, sandbox, &tally))
            }
            if let end = daemon.process.end { tally.failures.append("the daemon ended with \(end)") }
        } catch {
            tally.count("expiry", problem: "\(error)")
        }
        return tally
    }

    /// Handed to one thread at a time: whoever hands it over waits until it is given back.
    private struct Crowd: @unchecked Sendable {
        let clients: ClientCrowd
        init(_ clients: ClientCrowd) { self.clients = clients }
    }

    private static func problem(
        _ generation: Int,
        _ crowd: Crowd,
        _ home: Home,
        _ sandbox: Sandbox,
        _ tally: inout Tally
    ) async throws -> String? {
        let token = try await home.call("get_token", ["account": "ada"])
        guard token["generation"]?.int == generation else { return "began with \(token["generation"]?.text ?? "none")" }
        // The refresh has begun, and its answer is held back until the token has ended.
        let hold = try await sandbox.fault("hang", ["call": "refresh"])
        try await sandbox.waitForCall("refresh") { $0["generation"]?.int == generation }
        let end = Date(timeIntervalSince1970: token["expires_at_epoch"]?.number ?? 0)
        let wait = end.timeIntervalSinceNow - 0.5
        if wait > 0 { try await Task.sleep(for: .seconds(wait)) }
        async let outcome = onThread {
            try crowd.clients.run(until: generation + 1, pause: .milliseconds(500), within: .seconds(60))
        }
        try await Task.sleep(for: .seconds(max(0, end.timeIntervalSinceNow) + 1))
        let released = ContinuousClock.now
        try await sandbox.control("DELETE", "faults/\(hold)")
        let result = try await outcome
        if let problem = result.problems.first { return problem }
        let refreshes = try await sandbox.calls("refresh").filter { $0["generation"]?.int == generation }
        guard refreshes.count == 1 else { return "\(refreshes.count) refreshes of generation \(generation)" }
        guard result.tokens.count == 1 else { return "\(result.tokens.count) tokens of one generation" }
        if let last = result.last {
            tally.note("\(result.served) good answers", "\((last - released).inMilliseconds) after the API's")
        }
        return nil
    }
}
