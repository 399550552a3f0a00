import EndToEndHarness
import Synchronization

/// All kills of F1 or F2: every system call of every operation on the three servers, and random moments for the rest.
struct KillCampaign: Sendable {
    static let modes = ["strict", "grace", "lenient"]

    /// Whether the daemon has the password.
    let remember: Bool
    /// How many kills there are in all in a full run.
    let full: Int

    struct Outcome: Sendable {
        var tally = Tally()
        var coverage = KillSweep.Coverage()
        var findings = KillDrill.Findings()

        /// Says how many of the system calls were struck. A sample strikes only some.
        func noteCoverage(_ plan: Plan, in tally: inout Tally) {
            guard !plan.quick else { return }
            let figure = "\(coverage.struck) of \(coverage.calls)"
            tally.note("system calls struck", figure, met: coverage.missed.isEmpty)
            tally.failures += coverage.missed.map { "\($0) was never struck" }
        }
    }

    func run(_ plan: Plan) async -> Outcome {
        let id = remember ? "F1" : "F2"
        let outcome = Mutex(Outcome())
        let sweeps = KillCampaign.modes.flatMap { mode in
            KilledOperation.allCases.map {
                KillSweep(mode: mode, operation: $0, remember: remember, sample: plan.quick ? (remember ? 4 : 2) : nil)
            }
        }
        var tally = await plan.tryAll(sweeps, named: { "\(id)/\($0.mode)/\($0.operation.rawValue)" }) { sweep in
            let (tally, coverage, findings) = try await sweep.run(
                plan,
                named: "\(id)/\(sweep.mode)/\(sweep.operation.rawValue)"
            )
            outcome.withLock {
                $0.coverage.add(coverage)
                $0.findings.add(findings)
            }
            return tally
        }
        if remember {
            let starts = KillCampaign.modes.map { StartSweep(mode: $0, sample: plan.quick ? 5 : nil) }
            tally.add(
                await plan.tryAll(starts, named: { "\(id)/\($0.mode)/start" }) { sweep in
                    let (tally, coverage, findings) = try await sweep.run(plan, named: "\(id)/\(sweep.mode)/start")
                    outcome.withLock {
                        $0.coverage.add(coverage)
                        $0.findings.add(findings)
                    }
                    return tally
                }
            )
        }
        let rest = plan.quick ? (remember ? 45 : 24) : max(full - tally.tried, 0)
        // Small enough that the two workers end together.
        let chunks = plan.quick ? 3 : 60
        let chances = (0..<chunks).map { chunk in
            (
                name: "\(id)/\(KillCampaign.modes[chunk % 3])/random/\(chunk)",
                kills: KillChances(
                    mode: KillCampaign.modes[chunk % 3],
                    remember: remember,
                    kills: rest / chunks + (chunk < rest % chunks ? 1 : 0)
                )
            )
        }
        tally.add(
            await plan.tryAll(chances, named: { $0.name }) { chance in
                let (tally, findings) = try await chance.kills.run(plan, named: chance.name)
                outcome.withLock { $0.findings.add(findings) }
                return tally
            }
        )
        return outcome.withLock { outcome in
            outcome.tally = tally
            return outcome
        }
    }
}
