import Foundation

/// How long each of many answers took.
struct Latencies: Sendable {
    private(set) var values: [Duration] = []

    mutating func add(_ latency: Duration) { values.append(latency) }

    mutating func add(_ others: Latencies) { values += others.values }

    /// The time that this share of the answers did not exceed; zero where there were none.
    func percentile(_ share: Double) -> Duration {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return .zero }
        return sorted[min(sorted.count - 1, Int((Double(sorted.count) * share).rounded(.up)) - 1)]
    }
}

extension Duration {
    /// As in `0.42 ms`.
    var inMilliseconds: String { String(format: "%.2f ms", self / .milliseconds(1)) }

    /// As in `1.3 s`.
    var inSeconds: String { String(format: "%.1f s", self / .seconds(1)) }
}

extension Tally {
    /// Notes the 99th percentile. It is held against the bar in the full run alone: a sample runs beside other work,
    /// and with programs that were not optimized.
    mutating func note(p99 latencies: Latencies, of what: String, below bar: Duration, plan: Plan) {
        let p99 = latencies.percentile(0.99)
        note("p99 of \(what)", "\(p99.inMilliseconds) of \(latencies.values.count)", met: plan.quick || p99 < bar)
    }
}
