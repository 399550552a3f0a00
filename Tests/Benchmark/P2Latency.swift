extension Row {
    /// What a program pays that keeps its connection.
    static let latency = Row("P2", "one kept connection, one request at a time: p50") { bench in
        let opponents = try await Opponents(bench)
        let load = Load(bench)
        let count = bench.plan.count(smoke: 100, full: 5_000)
        let times = try await Comparison(
            rounds: bench.plan.rounds,
            floor: { try await load.latency(opponents.floor, count: count) },
            others: [("own", { try await load.latency(opponents.own, count: count) })]
        )
        return [
            Figure("p50, of the C server's", times.ratios("own"), .ratio, bar: .atMost(1.25)),
            Figure("p50", times.values("own"), .microseconds),
            Figure("p50 of the C server", times.floor, .microseconds),
            Figure("noise: the C server against itself", times.noise, .ratio),
        ]
    }
}
