/// A time as text (RFC 3339), by arithmetic alone: no table of zones, no clock.
public struct WireTime: Sendable, Hashable {
    /// The clock's reading as if it were UTC, in seconds since 1970.
    public let readingSeconds: Int64
    /// The fraction of the second, in nanoseconds; digits beyond the ninth are dropped.
    public let nanoseconds: Int32
    /// How far the clock is ahead of UTC, in seconds; nil if the text does not say, so that the moment is unknown.
    public let offsetSeconds: Int?

    /// Whether the text carries no zone: such a time names no moment.
    public var isNaive: Bool { offsetSeconds == nil }

    /// The moment in whole seconds since 1970, or nil if the time ``isNaive``.
    public var epochSeconds: Int64? {
        offsetSeconds.map { readingSeconds - Int64($0) }
    }

    /// Reads `YYYY-MM-DDThh:mm:ss`, a fraction after `.` or `,`, and a zone: `Z`, `±hh:mm`, `±hhmm` or none.
    ///
    /// As RFC 3339, section 5.6, lets readers do: `t`, `z` and a space for `T` are taken too, and second 60 is the next
    /// minute's first. Days that no calendar has are refused. Nil if the text is anything else.
    public init?(_ text: String) {
        var reader = TimeReader(text)
        guard let year = reader.digits(4), reader.skip("-"),
            let month = reader.digits(2), (1...12).contains(month), reader.skip("-"),
            let day = reader.digits(2), (1...Calendar.days(month: month, year: year)).contains(day),
            reader.skip("T") || reader.skip("t") || reader.skip(" "),
            let hour = reader.digits(2), hour < 24, reader.skip(":"),
            let minute = reader.digits(2), minute < 60, reader.skip(":"),
            let second = reader.digits(2), second <= 60
        else { return nil }
        let days = Calendar.daysSince1970(year: year, month: month, day: day)
        readingSeconds = Int64(days * 86_400 + hour * 3_600 + minute * 60 + second)
        guard let fraction = reader.fraction(), let zone = reader.zone(), reader.isAtEnd else { return nil }
        nanoseconds = fraction
        switch zone {
        case .naive: offsetSeconds = nil
        case .ahead(let seconds): offsetSeconds = seconds
        }
    }

    /// `2026-11-25T10:00:00Z` for seconds since 1970. What lies outside the years 0 to 9999 is moved to their ends.
    public static func format(epochSeconds: Int64) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(20)
        append(epochSeconds: epochSeconds, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends what ``format(epochSeconds:)`` gives.
    static func append(epochSeconds: Int64, to output: inout [UInt8]) {
        let first = Int64(Calendar.daysSince1970(year: 0, month: 1, day: 1)) * 86_400
        let last = Int64(Calendar.daysSince1970(year: 9_999, month: 12, day: 31)) * 86_400 + 86_399
        let seconds = min(max(epochSeconds, first), last)
        var days = Int(seconds / 86_400)
        var rest = Int(seconds % 86_400)
        if rest < 0 {
            rest += 86_400
            days -= 1
        }
        let date = Calendar.date(daysSince1970: days)
        func append(_ value: Int, _ separator: Unicode.Scalar) {
            output.append(ASCII.zero + UInt8(value / 10))
            output.append(ASCII.zero + UInt8(value % 10))
            output.append(UInt8(ascii: separator))
        }
        output.append(ASCII.zero + UInt8(date.year / 1_000))
        output.append(ASCII.zero + UInt8(date.year / 100 % 10))
        append(date.year % 100, "-")
        append(date.month, "-")
        append(date.day, "T")
        append(rest / 3_600, ":")
        append(rest / 60 % 60, ":")
        append(rest % 60, "Z")
    }
}

extension JSON {
    /// A time in seconds since 1970 as an RFC 3339 string, or `null`.
    public static func time(_ epochSeconds: Int64?) -> JSON {
        epochSeconds.map { .string(WireTime.format(epochSeconds: $0)) } ?? .null
    }
}

/// Walks through a time's text, byte by byte.
private struct TimeReader {
    private var rest: Substring.UTF8View

    init(_ text: String) {
        rest = text[...].utf8
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    /// Exactly `count` digits.
    mutating func digits(_ count: Int) -> Int? {
        var value = 0
        for _ in 0..<count {
            guard let byte = rest.first, ASCII.isDigit(byte) else { return nil }
            value = value * 10 + Int(byte - ASCII.zero)
            rest.removeFirst()
        }
        return value
    }

    /// A fraction of a second in nanoseconds, 0 if there is none, nil if it has no digit.
    mutating func fraction() -> Int32? {
        guard skip(".") || skip(",") else { return 0 }
        var value: Int32 = 0
        var count = 0
        while let byte = rest.first, ASCII.isDigit(byte) {
            if count < 9 { value = value * 10 + Int32(byte - ASCII.zero) }
            count += 1
            rest.removeFirst()
        }
        guard count > 0 else { return nil }
        for _ in min(count, 9)..<9 { value *= 10 }
        return value
    }

    enum Zone {
        case naive
        case ahead(seconds: Int)
    }

    /// The zone, or nil if it is malformed.
    mutating func zone() -> Zone? {
        if isAtEnd { return .naive }
        if skip("Z") || skip("z") { return .ahead(seconds: 0) }
        let sign = skip("-") ? -1 : 1
        guard sign < 0 || skip("+"), let hours = digits(2), hours < 24 else { return nil }
        _ = skip(":")
        guard let minutes = digits(2), minutes < 60 else { return nil }
        return .ahead(seconds: sign * (hours * 3_600 + minutes * 60))
    }
}

/// The proleptic Gregorian calendar, in days since 1970-01-01.
private enum Calendar {
    static func isLeap(_ year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    static func days(month: Int, year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Counts in eras of 400 years from a March, so that the leap day ends its year.
    static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
        let shifted = year - (month <= 2 ? 1 : 0) + 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468 - 146_097
    }

    /// The inverse, for days of the years 0 to 9999.
    static func date(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468 + 146_097
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 - 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }
}
