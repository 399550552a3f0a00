internal import Glibc

/// A moment on the clock that nobody sets (CLOCK_MONOTONIC), by which something has to be done.
struct Deadline {
    /// How many seconds were given.
    let seconds: Double
    private let nanoseconds: Int64

    /// Within so many seconds from now; more than a year is a year.
    init(after seconds: Double) {
        self.seconds = seconds
        nanoseconds = Self.now + Int64(min(max(seconds, 0), 31_536_000) * 1e9)
    }

    /// The earlier one.
    func orEarlier(_ other: Deadline) -> Deadline {
        other.nanoseconds < nanoseconds ? other : self
    }

    /// What is left, in whole milliseconds rounded up, as poll(2) takes it; 0 once it has passed.
    var milliseconds: Int32 {
        let left = max(0, nanoseconds - Self.now)
        return Int32(clamping: (left + 999_999) / 1_000_000)
    }

    var hasPassed: Bool { milliseconds == 0 }

    private static var now: Int64 {
        var time = timespec()
        // Can't fail for this clock.
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
