import EndToEndHarness

extension Fault {
    static let killWithoutPassword = Fault(
        "F2",
        "the same with no stored password",
        bar: "lost only between the server's rotation and T2"
    ) { plan in
        let kills = await KillCampaign(remember: false, full: 5_000).run(plan)
        var tally = kills.tally
        // What the tally calls lost so far was lost where nothing excuses it.
        tally.note("lost outside the window", "\(tally.lost)", met: tally.lost == 0)
        tally.note("lost within it, strict server only", "\(kills.findings.lostInWindow)")
        tally.lost += kills.findings.lostInWindow
        kills.noteCoverage(plan, in: &tally)
        return tally
    }
}
