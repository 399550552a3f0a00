import EndToEndHarness
import Synchronization

/// What the sweeps found beside their tallies.
final class Kept: Sendable {
    struct Counts: Sendable {
        /// Received sets that could not be saved at first.
        var kept = 0
        /// Requests whose intent was looked for.
        var requests = 0
        /// Those of them that had none on disk.
        var unfounded = 0
        /// Calls that were to fail.
        var calls = 0
        /// Those of them that never did.
        var missed: [String] = []
    }

    private let state = Mutex(Counts())

    var all: Counts { state.withLock { $0 } }

    func note(_ trial: DiskDrill.Trial) {
        state.withLock {
            $0.kept += trial.kept ? 1 : 0
            $0.requests += trial.sent ? 1 : 0
        }
    }

    func note(_ error: UnfoundedRequest) {
        state.withLock {
            $0.requests += 1
            $0.unfounded += 1
        }
    }

    /// So many calls were to fail, and these never did.
    func note(calls: Int, missed: [String]) {
        state.withLock {
            $0.calls += calls
            $0.missed += missed
        }
    }
}

/// Has every fdatasync and pwrite64 of one operation fail, once and from then on.
struct DiskErrorSweep: Sendable {
    let mode: String
    let operation: KilledOperation
    /// How many calls to strike at most, chosen by chance; nil for every one.
    let sample: Int?

    var name: String { "F4/\(mode)/\(operation.rawValue)" }

    private static let rounds = 8

    func run(_ plan: Plan, _ kept: Kept) async throws -> Tally {
        var tally = Tally()
        var chances = plan.chances(name)
        var drill = try await DiskDrill(mode: mode)
        var failed: Set<String> = []
        var expected: Set<String> = []
        for _ in 0..<DiskErrorSweep.rounds {
            let whole = try await drill.run(operation, inject: [], lasting: false)
            try hold(whole.answer["result"] != nil, "undisturbed: \(whole.answer.text)")
            let writes = zip(whole.identities, whole.calls).filter { ["fdatasync", "pwrite64"].contains($0.1.name) }
            expected = Set(writes.map(\.0))
            var targets = writes.filter { !failed.contains($0.0) }
            if let sample { targets = Array(targets.shuffled(using: &chances).prefix(sample)) }
            for (identity, call) in targets {
                for lasting in [false, true] where lasting || !failed.contains(identity) {
                    let injection = "\(call.name):error=EIO:when=\(call.earlierInThread + 1)\(lasting ? "+" : "")"
                    do {
                        let trial = try await drill.run(operation, inject: [injection], lasting: lasting)
                        let struck = zip(trial.identities, trial.calls).filter(\.1.isInjected).map(\.0)
                        if let first = struck.first, !lasting { failed.insert(first) }
                        kept.note(trial)
                        if !struck.isEmpty { tally.count(name, problem: nil) }
                    } catch {
                        if let error = error as? UnfoundedRequest { kept.note(error) }
                        let words = try drill.subject.lastWords()
                        tally.count("\(name) \(injection)", failed: error, "; the daemon said: \(words)")
                        if tally.failures.count >= KillSweep.patienceWithFailures { return tally }
                        await drill.subject.end()
                        drill = try await DiskDrill(mode: mode)
                    }
                }
            }
            if sample != nil || expected.isSubset(of: failed) { break }
        }
        try await drill.checkReuse()
        await drill.subject.end()
        if sample == nil {
            kept.note(calls: expected.count, missed: expected.subtracting(failed).sorted().map { "\(name): \($0)" })
        }
        return tally
    }
}
