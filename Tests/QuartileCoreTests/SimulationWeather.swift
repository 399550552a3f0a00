@testable import QuartileCore

/// What goes wrong at the moment.
struct SimulationWeather {
    var isStorm = false
    /// The process ends after one step in so many.
    var crashesOnceIn: UInt64 = 4000
    /// No request leaves the machine.
    var networkIsDown = false
    /// The API answers 5xx, before it acts or after.
    var apiIsFailing = false
    /// Nothing can be written.
    var diskIsFull = false
    /// No write is synced for certain.
    var diskIsSick = false
}

/// What the years are like.
enum SimulationClimate: CaseIterable {
    /// Long lives and long calms: many years in few steps.
    case longLives
    /// The lives that the documentation names.
    case asDocumented
    /// Storm upon storm.
    case stormy

    /// Three worlds in four have long lives.
    static func of(seed: UInt64) -> SimulationClimate {
        switch seed % 8 {
        case 0: .asDocumented
        case 4: .stormy
        default: .longLives
        }
    }

    /// The access token's lives, while all is calm and while it is not.
    var calmLives: [Milliseconds] {
        switch self {
        case .longLives: [.hours(12), .days(5), .days(30), .days(60), .days(90)]
        case .asDocumented: [.hours(12)]
        case .stormy: [.hours(1), .hours(12)]
        }
    }

    var stormLives: [Milliseconds] {
        [.seconds(1), .seconds(8), .seconds(90), .minutes(5), .hours(1)] + calmLives + calmLives
    }

    /// How long a calm lasts at least, and at most.
    var calm: (Milliseconds, Milliseconds) {
        switch self {
        case .longLives: (.days(2), .days(128))
        case .asDocumented: (.hours(12), .days(32))
        case .stormy: (.hours(1), .hours(8))
        }
    }
}

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
