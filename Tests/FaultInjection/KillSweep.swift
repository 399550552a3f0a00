import EndToEndHarness

/// Kills at every system call of one operation, and says by count that each was struck.
struct KillSweep: Sendable {
    let mode: String
    let operation: KilledOperation
    let remember: Bool
    /// How many calls to strike at most, chosen by chance; nil for every one.
    let sample: Int?

    /// What came of a sweep beside its tally.
    struct Coverage: Sendable {
        var struck = 0
        var calls = 0
        var missed: [String] = []

        mutating func add(_ other: Coverage) {
            struck += other.struck
            calls += other.calls
            missed += other.missed
        }
    }

    /// After so many failures the rest would only repeat them.
    static let patienceWithFailures = 5
    /// Which thread makes a call is the scheduler's choice, and `when=` counts for each thread: so the calls that were
    /// not struck are aimed at again, by a new log.
    private static let rounds = 80

    /// As it was, then as if one thread made all calls of the role, then one thread after the other alone. Writes to the
    /// log can be told from other writes by the file.
    private func aim(at call: TracedCall, _ round: Int) -> KillDrill.Killer {
        func killer(_ number: Int, solo: Int? = nil) -> KillDrill.Killer {
            .systemCall(call.name, number: number, call.role, solo: solo)
        }
        return switch round {
        case _ where call.object == "log": .systemCall(call.name, number: 1, call.role, onLog: true)
        case 0, 2: killer(call.earlierInThread + 1)
        case 1: killer(call.earlierInRole + 1)
        case _ where round % 2 == 0: killer(call.earlierInThread + 1, solo: round / 2)
        default: killer(1 + round / 10 % 4, solo: round / 2)
        }
    }

    func run(_ plan: Plan, named name: String) async throws -> (Tally, Coverage, KillDrill.Findings) {
        var tally = Tally()
        var findings = KillDrill.Findings()
        var chances = plan.chances(name)
        var struck: Set<String> = []
        var expected: Set<String> = []
        var drill = try await KillDrill(mode: mode, remember: remember)
        for round in 0..<KillSweep.rounds {
            // One run that nothing disturbs says what there is to strike.
            try await drill.subject.prepare(operation, remember: remember)
            let whole = try await drill.strike(operation, with: .whenDone)
            try hold(whole.answer?["result"] != nil, "undisturbed: \(whole.answer?.text ?? "no answer")")
            try await drill.recover(from: whole)
            var targets = zip(whole.identities, whole.calls).filter { !struck.contains($0.0) }
            expected = Set(zip(whole.identities, whole.calls).filter { !$0.1.isWaking }.map(\.0))
            if round > 0 { targets = targets.filter { !$0.1.isWaking } }
            if let sample { targets = Array(targets.shuffled(using: &chances).prefix(sample)) }
            for (identity, call) in targets where !struck.contains(identity) {
                var place = identity
                do {
                    try await drill.subject.prepare(operation, remember: remember)
                    let strike = try await drill.strike(operation, with: aim(at: call, round))
                    place = strike.struck ?? place
                    if let found = strike.struck { struck.insert(found) }
                    try await drill.recover(from: strike)
                    if strike.hit { tally.count(name, problem: nil) }
                } catch {
                    tally.count("\(name) at \(place)", failed: error, try drill.lastWords())
                    findings.add(drill.findings)
                    if tally.failures.count >= KillSweep.patienceWithFailures { return (tally, Coverage(), findings) }
                    await drill.subject.end()
                    drill = try await KillDrill(mode: mode, remember: remember)
                }
            }
            if sample != nil || expected.isSubset(of: struck) { break }
        }
        try await drill.checkReuse()
        findings.add(drill.findings)
        await drill.subject.end()
        let missed = sample == nil ? expected.subtracting(struck).sorted() : []
        return (
            tally,
            Coverage(
                struck: expected.intersection(struck).count,
                calls: expected.count,
                missed: missed.map { "\(name): \($0)" }
            ),
            findings
        )
    }
}
