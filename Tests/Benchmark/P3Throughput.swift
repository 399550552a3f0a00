extension Row {
    /// How many programs one core serves.
    static let throughput = Row("P3", "50 connections, one request each at a time: requests a second") { bench in
        try await Row.compareThroughput(bench, areKept: true, bar: .atLeast(0.5))
    }

    /// How many programs one core serves that connect each time.
    static let connections = Row("P4", "a new connection for each request, 50 at once: requests a second") { bench in
        try await Row.compareThroughput(bench, areKept: false, bar: .atLeast(0.4))
    }

    private static func compareThroughput(_ bench: Bench, areKept: Bool, bar: Bar) async throws -> [Figure] {
        let opponents = try await Opponents(bench)
        let load = Load(bench)
        let width = 50
        // The load can be what is slow, and then the slower server looks better than it is: its own time tells.
        var costs: [String: [Double]] = [:]
        func measure(_ name: String, _ target: Target) async throws -> Double {
            let figures = ProcessFigures(target.process)
            let before = try figures.processorTime()
            let outcome = try await load.throughput(target, connections: width, areKept: areKept)
            costs[name, default: []].append((try figures.processorTime() - before) / outcome.answers / 1_000)
            return outcome.perSecond
        }
        let rates = try await Comparison(
            rounds: bench.plan.rounds,
            floor: { try await measure("floor", opponents.floor) },
            others: [("own", { try await measure("own", opponents.own) })]
        )
        let own = Quartiles(costs["own"] ?? []).median
        let floor = Quartiles(costs["floor"] ?? []).median
        return [
            Figure("of the C server's", rates.ratios("own"), .ratio, bar: bar),
            Figure("requests a second", rates.values("own"), .perSecond),
            Figure("requests a second of the C server", rates.floor, .perSecond),
            Figure("noise: the C server against itself", rates.noise, .ratio),
            Figure("processor time a request", costs["own"] ?? [], .microseconds),
            Figure("processor time a request of the C server", costs["floor"] ?? [], .microseconds),
            Figure("requests in the same processor time, of the C server's", [floor / own], .ratio),
        ]
    }
}
