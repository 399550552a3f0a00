internal import QuartileWire

/// The audit in words for people.
struct AuditReport {
    var clock: Clock
    var style: TextStyle

    /// Two or three lines for each entry.
    func text(_ audit: AuditResult) -> String {
        if audit.entries.isEmpty { return "Nothing was asked yet.\n" }
        return audit.entries.map(text).joined()
    }

    /// `5 m ago (13:47 +0200): get_token work, ok` and who that was.
    private func text(_ entry: AuditResult.Entry) -> String {
        let what = entry.account.map { "\(entry.method) \($0)" } ?? entry.method
        let times = entry.count == 1 ? "" : ", \(entry.count) times"
        let head = "\(clock.relative(entry.time)): \(what), \(Self.words(entry.outcome))\(times)"
        let who = [
            entry.executable ?? "program unknown", "pid \(entry.pid)", "uid \(entry.uid)", entry.unit,
        ].compactMap(\.self).joined(separator: ", ")
        return style.wrap(start: "", style.clean(head), indent: 2)
            + style.wrap(start: "  ", style.clean(who), indent: 4)
    }

    /// `account_not_found` reads as `account not found`.
    private static func words(_ outcome: String) -> String {
        String(outcome.map { $0 == "_" ? " " : $0 })
    }
}
