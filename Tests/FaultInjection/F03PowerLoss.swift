import EndToEndHarness

extension Fault {
    static let powerLoss = Fault(
        "F3",
        "power loss: what was not synced is dropped or torn, at every write of logins, refreshes and a logout",
        bar: "0 acknowledged generations lost"
    ) { plan in
        // The server's kind makes no difference to what is written; another recording does, to the order of threads.
        let modes = plan.quick ? ["strict"] : KillCampaign.modes
        let recordings = modes.map {
            PowerCuts(mode: $0, cuts: plan.count(quick: 4, full: 20), starts: plan.count(quick: 10, full: 300))
        }
        var tally = await plan.tryAll(recordings, named: \.name) { try await $0.run(plan) }
        tally.note("acknowledged generations lost", "\(tally.lost)", met: tally.lost == 0)
        return tally
    }
}
