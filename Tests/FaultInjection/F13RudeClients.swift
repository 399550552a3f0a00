import EndToEndHarness
import Foundation

extension Fault {
    /// Clients that hold the daemon up, if it lets them.
    static let rudeClients = Fault(
        "F13",
        "slow, half-closed, never-reading, one-byte-at-a-time and over-long clients",
        bar: "p99 of the others below 20 ms, memory growth below 16 MiB"
    ) { plan in
        var tally = Tally()
        let kinds = RudeClients.Kind.allCases.filter { plan.includes($0.rawValue) }
        do {
            let sandbox = try await Sandbox()
            let home = try Home()
            let daemon = try await Daemon(home)
            try await home.enter("ada", sandbox)
            // What is allocated once and for all is there before it is measured.
            _ = try await reading(home, for: .seconds(1))
            let figures = try ProcessFigures(daemon.pid)
            let (before, began) = (figures.residentMemory, ContinuousClock.now)

            let count = plan.count(quick: 20, full: 50)
            let crowds = kinds.map { RudeClients($0, count: count, to: home, account: "ada") }
            async let readings = reading(home, for: .seconds(plan.count(quick: 6, full: 60)))
            var peak = before
            let end = ContinuousClock.now + .seconds(plan.count(quick: 6, full: 60))
            while ContinuousClock.now < end {
                peak = max(peak, try ProcessFigures(daemon.pid).residentMemory)
                try await Task.sleep(for: .milliseconds(50))
            }
            let busy = try ProcessFigures(daemon.pid).processorTime - figures.processorTime
            let share = busy / (ContinuousClock.now - began) * 100
            let (kept, fresh) = try await readings
            for (kind, crowd) in zip(kinds, crowds) {
                tally.count(kind.rawValue, problem: try await crowd.finish() > 0 ? nil : "did nothing")
            }
            tally.count("others", problem: (kept.problems + fresh.problems).first)
            let limit = Duration.milliseconds(20)
            tally.note(p99: kept.latencies, of: "others on one connection", below: limit, plan: plan)
            tally.note(p99: fresh.latencies, of: "others on new connections", below: limit, plan: plan)
            tally.note("CPU of the daemon", String(format: "%.0f %%", share))
            let growth = Double(peak - before) / 1_048_576
            tally.note("memory growth", String(format: "%.1f MiB", growth), met: plan.quick || growth < 16)
            if let end = daemon.process.end { tally.failures.append("the daemon ended with \(end)") }
        } catch {
            tally.count("clients", problem: "\(error)")
        }
        return tally
    }

    /// What well-behaved clients see meanwhile: one that keeps its connection, and one that connects each time.
    private static func reading(
        _ home: Home,
        for time: Duration
    ) async throws -> (kept: TokenProbe.Reading, fresh: TokenProbe.Reading) {
        let kept = TokenProbe(home, account: "ada", every: .milliseconds(2))
        let fresh = TokenProbe(home, account: "ada", every: .milliseconds(10), reconnecting: true)
        try await Task.sleep(for: time)
        return (try await kept.finish(), try await fresh.finish())
    }
}
