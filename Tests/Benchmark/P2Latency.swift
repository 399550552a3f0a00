extension Row {
    /// What a program pays that keeps its connection.
    static let latency = Row("P2", "one kept connection, one request at a time: p50") { bench in
        let opponents = try await Opponents(bench)
        let load = Load(bench)
        let count = bench.plan.count(smoke: 100, full: 5_000)
        func compare(_ wait: Load.Wait) async throws -> Comparison {
            try await Comparison(
                rounds: bench.plan.rounds,
                floor: { try await load.latency(opponents.floor, count: count, waitingIn: wait) },
                others: [("own", { try await load.latency(opponents.own, count: count, waitingIn: wait) })]
            )
        }
        let (polling, blocked) = (try await compare(.poll), try await compare(.recv))
        return [
            Figure("p50, of the C server's", polling.ratios("own"), .ratio, bar: .atMost(1.25)),
            Figure("p50", polling.values("own"), .microseconds),
            Figure("p50 of the C server", polling.floor, .microseconds),
            Figure("noise: the C server against itself", polling.noise, .ratio),
            Figure("p50 of a client blocked in recv(2), of the C server's", blocked.ratios("own"), .ratio),
            Figure("p50 of a client blocked in recv(2)", blocked.values("own"), .microseconds),
            Figure("p50 of the C server, likewise", blocked.floor, .microseconds),
        ]
    }
}
