import EndToEndHarness

extension Fault {
    static let diskErrors = Fault(
        "F4",
        "EIO from every fdatasync and pwrite of a login, a refresh, a logout and a key rotation: once, and from then on",
        bar: "no request without a durable intent; the received set kept and written later"
    ) { plan in
        let sweeps = KillCampaign.modes.flatMap { mode in
            KilledOperation.allCases.map { DiskErrorSweep(mode: mode, operation: $0, sample: plan.quick ? 2 : nil) }
        }
        let kept = Kept()
        var tally = await plan.tryAll(sweeps, named: \.name) { try await $0.run(plan, kept) }
        let counts = kept.all
        let unfounded = "\(counts.unfounded) of \(counts.requests)"
        tally.note("requests without a durable intent", unfounded, met: counts.unfounded == 0)
        tally.note("received sets kept and written later", "\(counts.kept)", met: counts.kept > 0 || plan.only != nil)
        if !plan.quick {
            let failed = "\(counts.calls - counts.missed.count) of \(counts.calls)"
            tally.note("calls that failed", failed, met: counts.missed.isEmpty)
            tally.failures += counts.missed.map { "\($0) never failed" }
        }
        return tally
    }
}
