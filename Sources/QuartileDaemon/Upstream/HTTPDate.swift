import QuartileCore
import QuartileWire

/// The dates of HTTP (RFC 9110, section 5.6.7), in all three forms that a reader must take.
enum HTTPDate {
    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]

    /// The moment that `text` names, or nil if it is no such date. `now` decides the century of a two-digit year.
    static func read(_ text: String, now: UnixTime) -> UnixTime? {
        let words = text.lowercased().split { " ,-".contains($0) }
        // Sun, 06 Nov 1994 08:49:37 GMT | Sunday, 06-Nov-94 08:49:37 GMT
        if words.count == 6, words[5] == "gmt" || words[5] == "utc" {
            return moment(day: words[1], month: words[2], year: words[3], time: words[4], now: now)
        }
        // Sun Nov  6 08:49:37 1994
        if words.count == 5 {
            return moment(day: words[2], month: words[1], year: words[4], time: words[3], now: now)
        }
        return nil
    }

    private static func moment(
        day: Substring,
        month: Substring,
        year: Substring,
        time: Substring,
        now: UnixTime
    ) -> UnixTime? {
        guard let index = months.firstIndex(of: String(month)), day.utf8.count <= 2 else { return nil }
        let date = "\(twoDigits(index + 1))-\(day.utf8.count == 1 ? "0" : "")\(day)T\(time)Z"
        let inYear = { (year: String) in
            WireTime("\(year)-\(date)")?.epochSeconds.map(UnixTime.init(seconds:))
        }
        guard year.utf8.count == 2 else { return inYear(String(year)) }
        // More than 50 years ahead means the last year that ended in these digits.
        guard let moment = inYear("20\(year)") else { return nil }
        return moment - now > .hours(50 * 365 * 24) ? inYear("19\(year)") : moment
    }

    private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
