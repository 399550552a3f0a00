import EndToEndHarness

extension Fault {
    /// An API that is down for hours, and daemons that must neither storm it nor be late when it is back.
    static let outage = Fault(
        "F11",
        "server down for 6 h",
        bar: "at most 12 requests in the first 5 minutes, then 40 an hour for each account, no two daemons in step; "
            + "recovery within one backoff step"
    ) { plan in
        // Clocks run so many times as fast; the daemons' first minutes also pass at their own pace in the full run.
        var runs = LongOutage.Kind.allCases.map { kind in
            LongOutage(kind: kind, hours: plan.quick ? 0.3 : 6, speed: plan.count(quick: 120, full: 72))
        }
        if !plan.quick { runs.append(LongOutage(kind: .failing, hours: 0.09, speed: 1)) }
        return await plan.idle().tryAll(runs, named: \.name) { one in try await one.run() }
    }
}
