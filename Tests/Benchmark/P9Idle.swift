import EndToEndHarness

extension Row {
    /// What it takes of a battery.
    static let idle = Row("P9", "idle for a minute") { bench in
        let subject = try await Subject(accounts: bench.plan.fewAccounts)
        let figures = ProcessFigures(subject.daemon.process)
        // What the imports have left to do, the audit of them among it, is done.
        try await Task.sleep(for: .seconds(bench.plan.count(smoke: 1, full: 20)))
        let (switches, bytes) = (try figures.contextSwitches(), try figures.bytesWritten())
        try await Task.sleep(for: .seconds(bench.plan.count(smoke: 1, full: 60)))
        let written = try zip(bytes, figures.bytesWritten()).map { $1 - $0 }
        var result = [
            Figure("context switches", [try figures.contextSwitches() - switches], .count, bar: .atMost(12))
        ]
        if let written { result.append(Figure("bytes to disk", [written], .count, bar: .atMost(0))) }
        return result
    }
}

/// Both, if both are there.
private func zip<First, Second>(_ first: First?, _ second: Second?) -> (First, Second)? {
    first.flatMap { first in second.map { (first, $0) } }
}
