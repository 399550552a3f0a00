extension Row {
    /// What the other accounts cost who asks for one.
    static let manyAccounts = Row("P5", "10,000 accounts instead of 10: get_token p50") { bench in
        let few = try await Subject(accounts: bench.plan.fewAccounts)
        let many = try await Subject(accounts: bench.plan.manyAccounts)
        let (fewTarget, manyTarget) = (try few.target(), try many.target())
        for target in [fewTarget, manyTarget] { try await bench.cores.pin(target.process) }
        let load = Load(bench)
        // Each account once in a turn at least.
        let count = max(bench.plan.count(smoke: 100, full: 5_000), bench.plan.manyAccounts)
        let times = try await Comparison(
            rounds: bench.plan.rounds,
            floor: { try await load.latency(fewTarget, count: count) },
            others: [("many", { try await load.latency(manyTarget, count: count) })]
        )
        return [
            Figure("p50, of that with few", times.ratios("many"), .ratio, bar: .atMost(1.2)),
            Figure("p50", times.values("many"), .microseconds),
            Figure("p50 with few", times.floor, .microseconds),
            Figure("noise: few against few", times.noise, .ratio),
        ]
    }
}
