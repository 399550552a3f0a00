import EndToEndHarness

/// How fast a valid token is served while the API is not there.
enum Outage: String, CaseIterable {
    case refused, hanging, failing

    static func measure(_ plan: Plan) async -> Tally {
        var tally = Tally()
        for outage in allCases {
            do {
                let reading = try await outage.reading(for: .seconds(plan.count(quick: 1, full: 20)))
                tally.count("outage-\(outage.rawValue)", problem: reading.problems.first)
                let what = "get_token, API \(outage.rawValue)"
                tally.note(p99: reading.latencies, of: what, below: .milliseconds(5), plan: plan)
            } catch {
                tally.count("outage-\(outage.rawValue)", problem: "\(error)")
            }
        }
        return tally
    }

    private func reading(for time: Duration) async throws -> TokenProbe.Reading {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await Daemon(home)
        try await home.enter("ada", sandbox)
        switch self {
        case .refused: await sandbox.process.end()
        case .hanging: try await sandbox.fault("hang", ["times": .null])
        case .failing: try await sandbox.fault("status", ["code": 503, "times": .null])
        }
        let refresh = try WireClient(home)
        try await refresh.send(#"{"jsonrpc":"2.0","id":1,"method":"refresh","params":{"account":"ada"}}"#)
        let probe = TokenProbe(home, account: "ada", every: .milliseconds(1))
        try await Task.sleep(for: time)
        let reading = try await probe.finish()
        try await daemon.kill()
        return reading
    }
}
