/// What came of trying a fault.
struct Tally: Sendable {
    /// How many times the fault was injected.
    var tried = 0
    /// How many of them the daemon came through as it must.
    var passed = 0
    /// How many logins were lost: a person would have to act, or a set that was received in full is gone.
    var lost = 0
    /// What was measured beside the bar.
    var figures: [Figure] = []
    /// What was not as it must be: the case's name, and what happened.
    var failures: [String] = []

    init() {}

    /// One case that failed before it could be counted.
    init(failure: String) { failures = [failure] }

    /// Whether every bar is met.
    var met: Bool { failures.isEmpty && figures.allSatisfy(\.met) }

    /// Adds what another worker found.
    mutating func add(_ other: Tally) {
        tried += other.tried
        passed += other.passed
        lost += other.lost
        figures += other.figures
        failures += other.failures
    }

    /// Counts one case, as passed if `problem` is nil.
    mutating func count(_ name: String, problem: String?) {
        tried += 1
        if let problem { failures.append("\(name): \(problem)") } else { passed += 1 }
    }

    /// Counts one case that failed.
    mutating func count(_ name: String, failed error: any Error, _ more: String = "") {
        if error is LostLogin { lost += 1 }
        count(name, problem: "\(error)\(more)")
    }

    /// Notes a figure.
    mutating func note(_ name: String, _ value: String, met: Bool = true) {
        figures.append(Figure(name: name, value: value, met: met))
    }
}

/// A figure that stands beside the bar.
struct Figure: Sendable, CustomStringConvertible {
    let name: String
    let value: String
    /// Whether it is within the bar; true for one that only informs.
    let met: Bool

    var description: String { "\(name) \(value)\(met ? "" : " (MISSED)")" }
}
