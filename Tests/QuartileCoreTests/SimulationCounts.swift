@testable import QuartileCore

/// What happened, to show that a run was worth its time.
struct SimulationCounts: Equatable {
    var steps = 0
    /// The time that the accounts were kept, added up.
    var accountTime = Milliseconds(0)
    var requests = 0
    var sets = 0
    var logins = 0
    var refusals = 0
    var lost = 0
    var unread = 0
    var failedCommits = 0
    var crashes = 0
    var reboots = 0
    var clockSteps = 0
    var answers = 0
    var tokens = 0
    var loginRequired = 0
    /// Logins that were the last for an hour.
    var budgetsUsedUp = 0

    var accountYears: Double { Double(accountTime.count) / Double(Milliseconds.year.count) }

    static func + (a: Self, b: Self) -> Self {
        var sum = a
        sum.accountTime = a.accountTime + b.accountTime
        for field in fields { sum[keyPath: field] += b[keyPath: field] }
        return sum
    }

    private static var fields: [WritableKeyPath<SimulationCounts, Int>] {
        [
            \.steps, \.requests, \.sets, \.logins, \.refusals, \.lost, \.unread, \.failedCommits,
            \.crashes, \.reboots,
            \.clockSteps, \.answers, \.tokens, \.loginRequired, \.budgetsUsedUp,
        ]
    }
}
