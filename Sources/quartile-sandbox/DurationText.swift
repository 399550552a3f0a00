/// Reads durations as people write them: `90s`, `15m`, `1h`, `2d`, `50ms`; a bare number is seconds; fractions are fine.
enum DurationText {
    private static let units: [(suffix: String, seconds: Double)] = [
        ("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400),
    ]

    /// The seconds that the text means, zero or more, or nil where it is no duration.
    static func seconds(_ text: String) -> Double? {
        // `ms` stands before `m` and `s` in the table, so the longest suffix wins.
        let unit = units.first { text.hasSuffix($0.suffix) }
        let digits = unit.map { text.dropLast($0.suffix.count) } ?? text[...]
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
            let number = Double(digits)
        else { return nil }
        return number * (unit?.seconds ?? 1)
    }
}
