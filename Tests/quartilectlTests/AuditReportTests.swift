import QuartileWire
import Testing

@testable import quartilectl

private let now: Int64 = 1_795_600_800

@Suite struct `Audit report` {
    private let entries = [
        AuditResult.Entry(
            time: now - 42,
            count: 1,
            pid: 4_711,
            uid: 1_000,
            executable: "/usr/bin/curl",
            unit: "backup.service",
            account: "work",
            method: "get_token",
            outcome: "ok"
        ),
        AuditResult.Entry(
            time: now - 300,
            count: 1_200,
            pid: 9,
            uid: 1_001,
            executable: nil,
            unit: nil,
            account: nil,
            method: "get_token",
            outcome: "account_not_found"
        ),
    ]

    private func report(width: Int = 60, utf8: Bool = true) -> AuditReport {
        AuditReport(clock: Zone.berlin.clock(now: now), style: TextStyle(isUTF8: utf8, width: width))
    }

    @Test func `says who asked for what in words`() {
        let expected = """
            42 s ago (10:59 +0100): get_token work, ok
              /usr/bin/curl, pid 4711, uid 1000, backup.service
            5 m ago (10:55 +0100): get_token, account not found, 1200
              times
              program unknown, pid 9, uid 1001

            """
        #expect(report().text(AuditResult(entries: entries)) == expected)
    }

    @Test func `of nothing is a sentence`() {
        #expect(report().text(AuditResult(entries: [])) == "Nothing was asked yet.\n")
    }

    @Test(arguments: [40, 60, 80])
    func `fits and lets no program write to the terminal`(width: Int) {
        var hostile = entries[0]
        hostile.executable = "/opt/\u{1B}[2J\u{9B}" + String(repeating: "é", count: 200)
        let text = report(width: width, utf8: false).text(AuditResult(entries: [hostile]))
        #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || (" "..."~").contains($0) })
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= width })
    }
}
