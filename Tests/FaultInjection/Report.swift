/// What the program prints of a fault that was tried.
struct Report: Sendable {
    let fault: Fault
    let tally: Tally
    let seconds: Double
    /// What repeats it.
    let command: String

    /// One line for people, and one more for each failure.
    var text: String {
        var lines = [
            "\(tally.met ? "ok    " : "MISSED") \(pad(fault.id, 3)) tried \(pad(tally.tried, 6)) "
                + "passed \(pad(tally.passed, 6)) lost \(pad(tally.lost, 3)) \(figures) "
                + "[bar: \(fault.bar)] \(Int(seconds.rounded())) s"
        ]
        let shown = 10
        lines += tally.failures.prefix(shown).map { "       \($0.prefix(500))" }
        if tally.failures.count > shown { lines.append("       and \(tally.failures.count - shown) more") }
        if !tally.met { lines.append("       repeat with: \(command) (--case NAME for one case)") }
        return lines.joined(separator: "\n")
    }

    /// The heading of the table that `markdown` is a row of.
    static let markdownHeading = """
        | # | fault | bar | tried | passed | lost | measured | command |
        | --- | --- | --- | --- | --- | --- | --- | --- |
        """

    var markdown: String {
        "| \(fault.id) | \(fault.title) | \(fault.bar) | \(tally.tried) | \(tally.passed) | \(tally.lost) "
            + "| \(figures) | `\(command)` |"
    }

    private var figures: String { tally.figures.map(\.description).joined(separator: "; ") }
}

private func pad(_ value: some CustomStringConvertible, _ width: Int) -> String {
    let text = value.description
    return text + String(repeating: " ", count: max(0, width - text.count))
}
