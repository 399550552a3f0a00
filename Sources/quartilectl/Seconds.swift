/// A length of time as it is written on a command line: `90s`, `15m`, `1h`, `2d`; a bare number is seconds.
struct Seconds: Equatable {
    /// The length in seconds, 0 or more, finite.
    var value: Double

    /// Reads digits, with a fraction if need be, and a unit. Nil if the text is anything else.
    init?(_ text: String) {
        var number = text[...]
        let unit: Double
        switch number.last {
        case "s": unit = 1
        case "m": unit = 60
        case "h": unit = 3_600
        case "d": unit = 86_400
        default: unit = 0
        }
        if unit > 0 { number.removeLast() }
        let isPlain = number.utf8.allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: ".")
        }
        guard isPlain, number.first != ".", number.last != ".", let count = Double(number) else { return nil }
        let seconds = count * (unit > 0 ? unit : 1)
        guard seconds.isFinite else { return nil }
        value = seconds
    }
}
