import Foundation

/// When a daemon tried, in its own time, as its log tells: what never left is in no other.
struct Attempts {
    /// Seconds since the first.
    let times: [Double]
    private let first: Double

    init(_ log: String) {
        let dates = log.split(separator: "\n").filter { $0.contains("tokens not renewed") }.compactMap { line in
            // As strftime(3) writes `%Y-%m-%dT%H:%M:%S%z`.
            try? Date(line.prefix(22) + ":" + line.dropFirst(22).prefix(2), strategy: .iso8601).timeIntervalSince1970
        }
        let first = dates.first ?? 0
        self.first = first
        times = dates.map { $0 - first }
    }

    var inFirstMinutes: Int { times.count { $0 < 300 } }

    /// The most in any hour that begins after the first five minutes.
    var mostInAnHour: Int {
        let later = times.filter { $0 >= 300 }
        return later.map { start in later.count { (start..<start + 3600).contains($0) } }.max() ?? 0
    }

    func problem(hours: Double) -> String? {
        if inFirstMinutes > 12 { return "\(inFirstMinutes) requests in the first 5 minutes" }
        if mostInAnHour > 40 { return "\(mostInAnHour) requests in an hour" }
        // One that gave up would meet every other bar.
        guard let last = times.last, last > hours * 3600 - 400 else {
            return "stopped trying after \(times.last ?? 0) s"
        }
        return nil
    }

    /// Two that tried within 2 s of each other four times in a row, once the steps are long enough to part them.
    static func problem(inStep all: [Attempts]) -> String? {
        for one in all.indices {
            for other in all.indices where other != one {
                let theirs = all[other].times.map { $0 + all[other].first }
                var inRow = 0
                for time in all[one].times where time >= 300 {
                    let time = time + all[one].first
                    inRow = theirs.contains { abs($0 - time) <= 2 } ? inRow + 1 : 0
                    if inRow >= 4 { return "daemons \(one) and \(other) try in step" }
                }
            }
        }
        return nil
    }
}
