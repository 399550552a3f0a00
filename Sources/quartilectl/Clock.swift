internal import Glibc

/// A moment as a clock on the wall shows it.
struct LocalTime: Equatable {
    var year: Int
    /// 1 to 12.
    var month: Int
    var day: Int
    var hour: Int
    var minute: Int
    /// How far the clock is ahead of UTC, in seconds.
    var offset: Int
}

/// What time it is, and how moments look from here.
struct Clock {
    /// Now, in seconds since 1970.
    var now: Int64
    /// Gives the wall clock's reading at a moment in seconds since 1970.
    var local: (_ seconds: Int64) -> LocalTime

    /// The system's clock, and the zone that `TZ` or the system sets.
    static var system: Clock {
        Clock(now: Int64(time(nil)), local: Self.systemLocal)
    }

    static func systemLocal(_ seconds: Int64) -> LocalTime {
        var moment = time_t(seconds)
        var parts = tm()
        // Fails only for years that do not fit; then the parts stay 0, which reads as 1900.
        localtime_r(&moment, &parts)
        return LocalTime(
            year: Int(parts.tm_year) + 1900,
            month: Int(parts.tm_mon) + 1,
            day: Int(parts.tm_mday),
            hour: Int(parts.tm_hour),
            minute: Int(parts.tm_min),
            offset: parts.tm_gmtoff
        )
    }

    /// `in 3 h 12 m (14:05 +0200)`, `5 m ago (13:47 +0200)`; on another day with the date, in another year with that.
    func relative(_ moment: Int64) -> String {
        let (difference, overflow) = moment.subtractingReportingOverflow(now)
        let length = Self.length(overflow ? UInt64(Int64.max) : difference.magnitude)
        let words = moment == now ? "now" : moment > now ? "in \(length)" : "\(length) ago"
        return "\(words) (\(wall(moment)))"
    }

    /// `42 s`, `5 m`, `3 h 12 m`, `1 d 4 h`, `13 d`: rounded down, in at most two units.
    static func length(_ seconds: UInt64) -> String {
        let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400)
        func two(_ first: String, _ second: UInt64, _ unit: String) -> String {
            second == 0 ? first : "\(first) \(second) \(unit)"
        }
        if minutes == 0 { return "\(seconds) s" }
        if hours == 0 { return "\(minutes) m" }
        if days == 0 { return two("\(hours) h", minutes % 60, "m") }
        return days < 3 ? two("\(days) d", hours % 24, "h") : "\(days) d"
    }

    private func wall(_ moment: Int64) -> String {
        let (then, today) = (local(moment), local(now))
        var text = ""
        if (then.year, then.month, then.day) != (today.year, today.month, today.day) {
            text += "\(then.day) \(Self.months[then.month - 1]) "
            if then.year != today.year { text += "\(then.year) " }
        }
        let ahead = abs(then.offset) / 60
        let sign = then.offset < 0 ? "-" : "+"
        return text + Self.two(then.hour) + ":" + Self.two(then.minute) + " " + sign + Self.two(ahead / 60)
            + Self.two(ahead % 60)
    }

    private static func two(_ value: Int) -> String {
        value < 10 ? "0\(value)" : "\(value)"
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}
