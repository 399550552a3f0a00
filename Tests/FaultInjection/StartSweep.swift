import EndToEndHarness

/// Kills at every system call of a start that has work to do: a transaction to roll back, and a refresh that was cut
/// off between the server's rotation and its own commit.
struct StartSweep: Sendable {
    let mode: String
    /// How many calls to strike at most, chosen by chance; nil for every one.
    let sample: Int?

    private static let rounds = 4

    func run(_ plan: Plan, named name: String) async throws -> (Tally, KillSweep.Coverage, KillDrill.Findings) {
        var tally = Tally()
        var chances = plan.chances(name)
        var struck: Set<String> = []
        var expected: Set<String> = []
        let drill = try await KillDrill(mode: mode, remember: true)
        let wreck = try await drill.wreck()
        for _ in 0..<StartSweep.rounds {
            let whole = try await drill.start(wreck, inject: nil)
            try await drill.check(whole)
            // What the main thread does, as far as it can be aimed at. The first is strace's own.
            let log = StraceLog(calls: whole.calls)
            let ours = whole.calls.indices.dropFirst().filter {
                log.calls[$0].role == .main && !log.calls[$0].isWaking && !log.isShadowed($0)
            }.map { (whole.identities[$0], whole.calls[$0]) }
            expected = Set(ours.map(\.0))
            var targets = ours.filter { !struck.contains($0.0) }
            if let sample { targets = Array(targets.shuffled(using: &chances).prefix(sample)) }
            for (identity, call) in targets where !struck.contains(identity) {
                var place = "\(call.name) \(call.earlierInThread + 1)"
                do {
                    try await drill.subject.kill()
                    let strike = try await drill.start(wreck, inject: (call.name, call.earlierInThread + 1))
                    place = strike.struck ?? place
                    if let found = strike.struck { struck.insert(found) }
                    if !strike.hit { try await drill.subject.kill() }
                    try await drill.recover(from: strike)
                    if strike.hit { tally.count(name, problem: nil) }
                } catch {
                    tally.count("\(name) at \(place)", failed: error, try drill.lastWords())
                    if tally.failures.count >= KillSweep.patienceWithFailures {
                        return (tally, KillSweep.Coverage(), drill.findings)
                    }
                }
            }
            try await drill.subject.kill()
            if sample != nil || expected.isSubset(of: struck) { break }
        }
        await drill.subject.end()
        let missed = sample == nil ? expected.subtracting(struck).sorted().map { "\(name): \($0)" } : []
        let coverage = KillSweep.Coverage(
            struck: expected.intersection(struck).count,
            calls: expected.count,
            missed: missed
        )
        return (tally, coverage, drill.findings)
    }
}
