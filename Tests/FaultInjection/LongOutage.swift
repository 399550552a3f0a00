import EndToEndHarness
import Foundation

/// Some daemons, an API that is gone, and clocks that run faster than ours.
struct LongOutage: Sendable {
    enum Kind: String, CaseIterable {
        /// The gateway answers 503.
        case failing
        /// Nobody listens at the port.
        case refused
        /// Connections are taken and nothing is said.
        case hanging
    }

    let kind: Kind
    let hours: Double
    let speed: Int

    var name: String { "\(kind.rawValue)-x\(speed)" }

    /// A backoff's longest step, and what a request may take on top.
    private static let longestStep = 300.0
    private static let longestRequest = 30.0

    func run() async throws -> Tally {
        var sandbox = try await Sandbox(arguments: ["--access-lifetime", "1h"])
        var daemons: [Daemon] = []
        for _ in 0..<4 {
            let clock = try SeamClock(speed: speed)
            let home = try Home()
            daemons.append(try await Daemon(home, environment: try clock.environment))
            try await home.enter("ada", sandbox)
        }
        switch kind {
        case .failing: try await sandbox.fault("status", ["code": 503, "times": .null])
        case .refused: await sandbox.process.end()
        case .hanging: try await sandbox.fault("hang", ["times": .null])
        }
        // All at once, as after the wake of a whole rack.
        let began = Date()
        for daemon in daemons {
            let line = #"{"jsonrpc":"2.0","id":1,"method":"refresh","params":{"account":"ada"}}"#
            try await WireClient(daemon.home).send(line)
        }
        try await Task.sleep(for: .seconds(hours * 3600 / Double(speed)))

        let attempts = daemons.map { Attempts($0.log) }
        var tally = Tally()
        for (number, one) in attempts.enumerated() {
            tally.count("\(name)-\(number)", problem: one.problem(hours: hours))
        }
        tally.note("\(name): most in 5 min", "\(attempts.map(\.inFirstMinutes).max() ?? 0)")
        tally.note("\(name): most in an hour after", "\(attempts.map(\.mostInAnHour).max() ?? 0)")
        if let problem = Attempts.problem(inStep: attempts) { tally.failures.append("\(name): \(problem)") }
        let ended = -began.timeIntervalSinceNow * Double(speed) / 3600
        tally.note("\(name): virtual time", String(format: "%.2f h", ended))

        // At its own pace, recovery would take minutes to say what the others say.
        guard speed > 1 else { return tally }
        let back = ContinuousClock.now
        switch kind {
        case .failing, .hanging: try await sandbox.clearFaults()
        case .refused:
            sandbox = try await Sandbox(arguments: [
                "--port", "\(sandbox.port)", "--access-lifetime", "1h", "--require-subscription-key",
                sandbox.subscriptionKey,
            ])
        }
        for daemon in daemons {
            try await eventually("active", within: .seconds(120)) {
                try await daemon.home.standing(of: "ada")["state"] == "active"
            }
        }
        let took = (ContinuousClock.now - back) / .seconds(1) * Double(speed)
        let limit = Self.longestStep + Self.longestRequest + Double(speed)
        tally.note("\(name): recovery", String(format: "%.0f s", took), met: took < limit)
        return tally
    }
}
