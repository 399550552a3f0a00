package import QuartileCore

/// Reads durations as people write them: `90s`, `15m`, `1h`, `2d`; a bare number is seconds.
package enum DurationText {
    /// The span that the text means, or nil where it is no duration or one too long to count in milliseconds.
    /// Whole numbers only, no sign, no spaces, and nothing longer than the number and one letter.
    package static func parse(_ text: String) -> Milliseconds? {
        var digits = text.utf8[...]
        var secondsInUnit: Int64 = 1
        if let last = digits.last, let seconds = seconds(inUnit: last) {
            secondsInUnit = seconds
            digits.removeLast()
        }
        guard !digits.isEmpty, digits.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains),
            let number = Int64(String(decoding: digits, as: UTF8.self))
        else { return nil }
        let (milliseconds, overflow) = number.multipliedReportingOverflow(by: secondsInUnit * 1_000)
        return overflow ? nil : Milliseconds(milliseconds)
    }

    private static func seconds(inUnit letter: UInt8) -> Int64? {
        switch letter {
        case UInt8(ascii: "s"): 1
        case UInt8(ascii: "m"): 60
        case UInt8(ascii: "h"): 3_600
        case UInt8(ascii: "d"): 86_400
        default: nil
        }
    }
}
