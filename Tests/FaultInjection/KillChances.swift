import EndToEndHarness

/// Kills at moments that chance chooses: in the middle of operations, and in the recovery from such a kill.
struct KillChances: Sendable {
    let mode: String
    let remember: Bool
    let kills: Int

    func run(_ plan: Plan, named name: String) async throws -> (Tally, KillDrill.Findings) {
        var tally = Tally()
        var findings = KillDrill.Findings()
        var chances = plan.chances(name)
        var drill = try await KillDrill(mode: mode, remember: remember)
        while tally.tried < kills {
            let operation = KilledOperation.allCases.randomElement(using: &chances) ?? .refresh
            // A refresh is what is there all the time.
            let chosen = Bool.random(using: &chances) ? .refresh : operation
            let delay = Duration.microseconds(Int.random(in: 0...12_000, using: &chances))
            let again = Int.random(in: 0..<4, using: &chances) == 0 ? Int.random(in: 1...2, using: &chances) : 0
            let starts = (0..<again).map { _ in Duration.microseconds(Int.random(in: 0...40_000, using: &chances)) }
            let place = "\(name) \(chosen.rawValue) after \(delay), then in the start after \(starts)"
            do {
                try await drill.subject.prepare(chosen, remember: remember)
                let strike = try await drill.strike(chosen, with: .after(delay))
                for start in starts { try await drill.killStarting(after: start) }
                try await drill.recover(from: strike)
                for _ in 0...starts.count { tally.count(name, problem: nil) }
            } catch {
                tally.count(place, failed: error, try drill.lastWords())
                findings.add(drill.findings)
                if tally.failures.count >= KillSweep.patienceWithFailures { return (tally, findings) }
                await drill.subject.end()
                drill = try await KillDrill(mode: mode, remember: remember)
            }
        }
        try await drill.checkReuse()
        findings.add(drill.findings)
        await drill.subject.end()
        return (tally, findings)
    }
}
