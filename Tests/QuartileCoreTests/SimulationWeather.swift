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
