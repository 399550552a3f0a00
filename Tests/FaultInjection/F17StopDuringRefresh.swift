import EndToEndHarness
import Foundation

extension Fault {
    /// A service manager stops the daemon while the API has its request.
    static let stopDuringRefresh = Fault(
        "F17",
        "SIGTERM during a refresh",
        bar: "drained: no open intent if the server answers within 10 s"
    ) { plan in
        let delays = plan.quick ? [0, 1.5] : [0, 0.05, 0.2, 0.5, 1, 2, 3, 5, 7, 8, 9]
        var cases = StopCase.Moment.allCases.flatMap { moment in delays.map { StopCase(moment: moment, delay: $0) } }
        cases.append(StopCase(moment: .before, delay: nil))
        if !plan.quick { cases.append(StopCase(moment: .after, delay: nil)) }
        return await plan.idle().tryAll(cases, named: \.name) { one in
            var tally = Tally()
            tally.count(one.name, problem: try await one.problem(&tally))
            return tally
        }
    }
}

private struct StopCase: Sendable {
    enum Moment: String, CaseIterable {
        /// The delay is before the server acts.
        case before
        /// The delay is before its answer.
        case after
    }

    let moment: Moment
    /// When the server answers, counted from the request; nil for never.
    let delay: Double?

    var name: String { "\(moment.rawValue)-\(delay.map { "\($0)" } ?? "never")" }

    func problem(_ tally: inout Tally) async throws -> String? {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await Daemon(home)
        try await home.enter("ada", sandbox)
        var fault: [String: JSON] = ["call": "refresh", "when": .string(moment.rawValue)]
        if let delay { fault["seconds"] = .number(delay) }
        try await sandbox.fault(delay == nil ? "hang" : "delay", fault)
        let client = try WireClient(home)
        try await client.send(#"{"jsonrpc":"2.0","id":1,"method":"refresh","params":{"account":"ada"}}"#)
        try await sandbox.waitForCall("refresh")

        let start = ContinuousClock.now
        let end = try await daemon.stop()
        let took = ContinuousClock.now - start
        guard end == .exit(0) else { return "ended with \(end): \(daemon.log)" }
        if delay == nil { tally.note("stopped, with no answer, after", took.inSeconds) }
        guard took < .seconds(30) else { return "took \(took.inSeconds) to stop" }
        guard delay != nil else { return try await problemAfterCut(sandbox, daemon) }
        let intents = try await SQLiteShell.run("SELECT count(*) FROM intents", on: home.database)
        guard intents == "0\n" else { return "left \(intents) open intents" }
        let answer = try await client.answer()
        guard answer["result"]?["generation"] == 2 else { return "the client was told \(answer.text)" }
        try await daemon.start()
        let token = try await home.waitUntilWell("ada", sandbox)
        let calls = try await sandbox.calls().filter { $0["call"] != "validate" }
        guard token["generation"] == 2, calls.count == 2 else {
            return "generation \(token["generation"]?.text ?? "none") and \(calls.count) calls after the restart"
        }
        return nil
    }

    /// A server that does not answer is not waited for, and the next start makes up for it.
    private func problemAfterCut(_ sandbox: Sandbox, _ daemon: Daemon) async throws -> String? {
        try await sandbox.clearFaults()
        try await daemon.start()
        try await daemon.home.waitUntilWell("ada", sandbox)
        let reused = try await sandbox.control("GET", "state")["reused"]
        return reused == 0 ? nil : "\(reused?.text ?? "no") spent tokens came again"
    }
}
