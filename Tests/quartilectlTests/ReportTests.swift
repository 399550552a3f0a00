import QuartileWire
import Testing

@testable import quartilectl

private let now: Int64 = 1_795_600_800

private func account(
    _ name: String = "ada@example.com",
    _ state: WireAccount.State = .active,
    expires: Int64? = now + 11_520,
    version: WireAPIVersion = .v2,
    error: WireLastError? = nil
) -> WireAccount {
    WireAccount(
        account: name,
        apiVersion: version,
        baseURL: "https://api.quartile.com",
        username: "ada@example.com",
        state: state,
        generation: 3,
        accessExpiresAt: expires,
        refreshExpiresAt: now + 1_134_300,
        nextRefreshAt: now + 7_920,
        passwordStored: true,
        offlineOKUntil: nil,
        lastError: error
    )
}

private let all = [
    account(),
    account("ops", .degraded, expires: now + 42),
    account("night-batch_of+the.warehouse@reports.example.com", .expired, expires: now - 300),
    account("old", .loginRequired, expires: nil),
    account("far", .active, expires: now + 1_134_300),
]

private func report(_ zone: Zone = .berlin, utf8: Bool = true, width: Int = 60) -> AccountReport {
    AccountReport(clock: zone.clock(now: now), style: TextStyle(isUTF8: utf8, width: width))
}

private func remedy(_ command: String, _ account: String?) -> String {
    "quartilectl \(command)" + (account.map { " --account \($0)" } ?? "")
}

@Suite struct `Account table` {
    @Test func `in Berlin`() {
        let expected = """
            ACCOUNT          STATE           TOKEN ENDS
            ada@example.com  active          in 3 h 12 m (14:12 +0100)
            ops              degraded        in 42 s (11:00 +0100)
            night-batch_of+the.warehouse@reports.example.com
                             expired         5 m ago (10:55 +0100)
            old              login required  -
            far              active          in 13 d (8 Dec 14:05 +0100)

            """
        #expect(report(.berlin).table(all).trimmedLines == expected)
    }

    @Test func `in Kolkata`() {
        let expected = """
            ACCOUNT          STATE           TOKEN ENDS
            ada@example.com  active          in 3 h 12 m (18:42 +0530)
            ops              degraded        in 42 s (15:30 +0530)
            night-batch_of+the.warehouse@reports.example.com
                             expired         5 m ago (15:25 +0530)
            old              login required  -
            far              active          in 13 d (8 Dec 18:35 +0530)

            """
        #expect(report(.kolkata).table(all).trimmedLines == expected)
    }

    @Test func `in St John's`() {
        let expected = """
            ACCOUNT          STATE           TOKEN ENDS
            ada@example.com  active          in 3 h 12 m (09:42 -0330)
            ops              degraded        in 42 s (06:30 -0330)
            night-batch_of+the.warehouse@reports.example.com
                             expired         5 m ago (06:25 -0330)
            old              login required  -
            far              active          in 13 d (8 Dec 09:35 -0330)

            """
        #expect(report(.stJohns).table(all).trimmedLines == expected)
    }

    @Test(arguments: Zone.allCases)
    func `fits 60 columns`(zone: Zone) {
        let longest = account(String(repeating: "x", count: 64), .loginRequired, expires: now + 1_134_300)
        for line in report(zone).table(all + [longest]).split(separator: "\n") { #expect(line.count <= 60, "\(line)") }
    }

    @Test func `keeps all of a name that is longer than a line`() {
        let name = String(repeating: "abcdefgh", count: 8)
        let text = report().table([account(name)])
        #expect(text.filter { !$0.isWhitespace }.contains(name))
    }

    @Test func `uses what a wide terminal has`() {
        let text = report(width: 100).table(all)
        #expect(text.contains("night-batch_of+the.warehouse@reports.example.com  expired"))
    }
}

@Suite struct `Key report` {
    @Test func `says what is known, and what to do where there is something`() {
        var key = KeyResult(source: "key command", protects: "what it protects", keyID: "0123456789abcdef")
        let style = TextStyle(isUTF8: true, width: 40)
        let known = """
              source    key command
              protects  what it protects
              key id    0123456789abcdef

            """
        #expect(KeyReport.text(key, style) == known)
        key.advice = "Back up the key file again, and keep it."
        let end = """
              note      Back up the key file again,
                        and keep it.

            """
        #expect(KeyReport.text(key, style) == known + end)
    }
}

@Suite struct `Status report` {
    @Test func `of an active account`() {
        let status = WireStatus(
            version: "0.1.0",
            pid: 4711,
            uptime: 11_520,
            state: .ready,
            accounts: [account()],
            key: WireStatus.Key(
                source: "key file",
                protects: "copies and backups of the database only",
                advice: "Move it to the systemd credential with quartilectl key rotate."
            )
        )
        let expected = """
            quartiled 0.1.0: ready, pid 4711, up 3 h 12 m
              key            key file; protects copies and backups of
                             the database only
              what to do     Move it to the systemd credential with
                             quartilectl key rotate.

            ada@example.com: active
              username       ada@example.com
              API            v2 at https://api.quartile.com
              generation     3
              access token   ends in 3 h 12 m (14:12 +0100)
              next refresh   in 2 h 12 m (13:12 +0100)
              refresh token  ends in 13 d (8 Dec 14:05 +0100)
              password       kept, sealed
              may stay off   as long as it likes

            """
        #expect(report().status(status, remedy: remedy) == expected)
    }

    @Test func `of accounts that are not well`() {
        let refused = WireLastError(
            code: "upstream_rejected",
            message: "the API refused the subscription key: Access denied due to invalid subscription key",
            at: now - 300,
            retryAt: now + 42
        )
        var poor = account("x", .degraded, error: refused)
        poor.offlineOKUntil = now + 1_134_300
        poor.passwordStored = false
        var gone = account("y", .loginRequired, expires: now - 300)
        (gone.nextRefreshAt, gone.refreshExpiresAt, gone.username) = (nil, nil, nil)
        let status = WireStatus(version: "0.1.0", pid: 1, uptime: 5, state: .storageFailed, accounts: [poor, gone])
        let expected = """
            quartiled 0.1.0: ready, but its database can't be written,
              pid 1, up 5 s

            x: degraded (refreshing fails, the token is still good)
              what to do     run: quartilectl update --account x
              username       ada@example.com
              API            v2 at https://api.quartile.com
              generation     3
              access token   ends in 3 h 12 m (15:30 +0530)
              next refresh   in 2 h 12 m (15:30 +0530)

            """
        let text = report(.kolkata).status(status, remedy: remedy)
        #expect(text.hasPrefix(String(expected.split(separator: "access token")[0])))
        #expect(
            text.contains(
                "  may stay off   until in 13 d (8 Dec 18:35 +0530), then a\n                 person must log in\n"
            )
        )
        #expect(text.contains("  password       not kept\n"))
        #expect(
            text.contains(
                """
                  last error     5 m ago (15:25 +0530): the API refused the
                                 subscription key: Access denied due to
                                 invalid subscription key; next try in 42 s
                                 (15:30 +0530)

                """
            )
        )
        #expect(
            text.hasSuffix(
                """
                y: login required
                  what to do     run: quartilectl update --account y
                  API            v2 at https://api.quartile.com
                  generation     3
                  access token   ended 5 m ago (15:25 +0530)
                  password       kept, sealed

                """
            )
        )
    }

    @Test func `of no account says how to make one`() {
        let status = WireStatus(version: "0.1.0", pid: 1, uptime: 5, state: .ready, accounts: [])
        #expect(
            report().status(status, remedy: remedy).hasSuffix("No account yet: run quartilectl login --account NAME\n")
        )
    }

    @Test func `sends a v1 account that needs a person to import`() {
        let status = WireStatus(
            version: "0.1.0",
            pid: 1,
            uptime: 5,
            state: .ready,
            accounts: [account("x", .loginRequired, version: .v1)]
        )
        #expect(report().status(status, remedy: remedy).contains("run: quartilectl import --account x"))
    }

    @Test(arguments: Zone.allCases)
    func `fits 60 columns and ASCII`(zone: Zone) {
        var odd = account(String(repeating: "x", count: 64), .degraded)
        odd.username = "zoë.\u{1B}[31m" + String(repeating: "ü", count: 80) + "@example.com"
        odd.baseURL = "https://" + String(repeating: "long-", count: 30) + ".example.com"
        odd.lastError = WireLastError(code: "timeout", message: "Zürich\u{7}\nis “away”", at: now, retryAt: nil)
        let status = WireStatus(version: "0.1.0", pid: 1, uptime: 5, state: .stopping, accounts: [odd])
        let text = report(zone, utf8: false).status(status, remedy: remedy)
        for line in text.split(separator: "\n") { #expect(line.count <= 60, "\(line)") }
        #expect(text.utf8.allSatisfy { $0 == 0x0A || (0x20...0x7E).contains($0) })
    }

    @Test(
        arguments: [
            ([], .ready, 0), ([.active], .ready, 0), ([.active, .degraded], .ready, 1), ([.expired], .ready, 1),
            ([.loginRequired, .degraded], .ready, 2), ([.degraded, .loginRequired, .active], .ready, 2),
            ([.active], .storageFailed, 1), ([.loginRequired], .storageFailed, 2), ([.active], .stopping, 0),
        ] as [([WireAccount.State], WireStatus.State, Int32)]
    )
    func `checks`(states: [WireAccount.State], daemon: WireStatus.State, expected: Int32) {
        let accounts = states.map { account("x", $0) }
        let status = WireStatus(version: "0.1.0", pid: 1, uptime: 5, state: daemon, accounts: accounts)
        #expect(StatusCommand.checkCode(status) == expected)
    }
}

@Suite struct `Account line` {
    @Test func `says the state and when the token ends`() {
        #expect(report().line(account()) == "ada@example.com: active, token ends in 3 h 12 m (14:12\n  +0100)\n")
        #expect(report().line(account("x")) == "x: active, token ends in 3 h 12 m (14:12 +0100)\n")
        #expect(
            report().line(account("x", .expired, expires: now - 60))
                == "x: expired, token ended 1 m ago (10:59 +0100)\n"
        )
        #expect(report().line(account("x", .loginRequired, expires: nil)) == "x: login required, no token\n")
    }
}

extension String {
    /// Without spaces at the ends of lines.
    fileprivate var trimmedLines: String {
        split(separator: "\n", omittingEmptySubsequences: false)
            .map { line in String(line.reversed().drop { $0 == " " }.reversed()) }
            .joined(separator: "\n")
    }
}
