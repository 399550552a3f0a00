import EndToEndHarness

extension Fault {
    static let killAtEverySystemCall = Fault(
        "F1",
        "SIGKILL at every system call of a login, a refresh, a logout, a key rotation and a start, and at random moments, "
            + "on the three servers, with a stored password",
        bar: "0 lost logins, integrity_check ok, a token within 5 s of the restart"
    ) { plan in
        let kills = await KillCampaign(remember: true, full: 10_000).run(plan)
        var tally = kills.tally
        tally.note("lost logins", "\(tally.lost)", met: tally.lost == 0)
        let slowest = kills.findings.slowestToken
        tally.note(
            "slowest token",
            "\(Int(slowest / .milliseconds(1))) ms after its restart",
            met: slowest <= .seconds(5)
        )
        kills.noteCoverage(plan, in: &tally)
        return tally
    }
}
