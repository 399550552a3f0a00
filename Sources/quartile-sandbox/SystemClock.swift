import Foundation

/// The one place that reads the clock.
enum SystemClock {
    /// Seconds since 1970.
    static func now() -> Double { Date().timeIntervalSince1970 }
}
