import EndToEndHarness

extension Fault {
    /// Everything that can come back in place of a token set.
    static let answers = Fault(
        "F8",
        "answers: lost, reset, truncated, HTML, 5xx after rotation, 429 with both forms of Retry-After, dripping, "
            + "endless, redirect to another host",
        bar: "the right class; the valid token served all along; nothing sent to the other host; "
            + "p99 of get_token below 5 ms while the API is down or hanging"
    ) { plan in
        let stranger = try await Sandbox()
        var tally = await plan.idle(jobs: 8).tryAll(BadAnswer.all(redirectingTo: stranger.url), named: \.name) { one in
            var tally = Tally()
            tally.count(one.name, problem: try await one.problem())
            return tally
        }
        tally.add(
            await plan.idle(jobs: 8).tryAll(Replay.allCases, named: { "replay-\($0.rawValue)" }) { one in
                var tally = Tally()
                tally.count("replay-\(one.rawValue)", problem: try await one.problem())
                return tally
            }
        )
        let strays = try await stranger.calls().count
        tally.note("requests to the other host", "\(strays)", met: strays == 0)
        if plan.includes("outage") { tally.add(await Outage.measure(plan)) }
        return tally
    }
}
