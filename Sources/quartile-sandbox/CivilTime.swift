import Foundation

/// Moments (seconds since 1970) as the API and HTTP write them.
enum CivilTime {
    /// `expires_at` in the form asked for.
    static func stamp(_ seconds: Double, _ form: TimeForm) -> String {
        switch form {
        case .naive:
            return format(seconds, "%Y-%m-%dT%H:%M:%S")
        case .zoned:
            return format(seconds, "%Y-%m-%dT%H:%M:%SZ")
        case .fractional:
            let micros = Int((seconds - seconds.rounded(.down)) * 1_000_000)
            return format(seconds, "%Y-%m-%dT%H:%M:%S.") + String(String(1_000_000 + micros).dropFirst())
        case .offset:
            return format(seconds + 7200, "%Y-%m-%dT%H:%M:%S+02:00")
        }
    }

    /// An IMF-fixdate (RFC 9110, section 5.6.7), as in `Date` and `Retry-After`.
    static func httpDate(_ seconds: Double) -> String {
        // The C locale is in force: the program never calls setlocale.
        format(seconds, "%a, %d %b %Y %H:%M:%S GMT")
    }

    private static func format(_ seconds: Double, _ pattern: String) -> String {
        var moment = time_t(seconds.rounded(.down))
        var fields = tm()
        gmtime_r(&moment, &fields)
        var buffer = [CChar](repeating: 0, count: 64)
        let length = strftime(&buffer, buffer.count, pattern, &fields)
        return String(decoding: buffer[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
