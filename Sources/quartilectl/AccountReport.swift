internal import QuartileWire

/// Accounts in words for people.
struct AccountReport {
    var clock: Clock
    var style: TextStyle

    /// Writes what became of an account.
    static func writeLine(_ account: WireAccount) throws(Failure) {
        let report = AccountReport(clock: .system, style: Surroundings.process.text)
        try StandardOutput.write(report.line(account))
    }

    /// `x: active, token ends in 3 h 12 m (14:05 +0200)`.
    func line(_ account: WireAccount) -> String {
        style.wrap(
            start: "",
            style.clean("\(account.account): \(Self.word(account.state)), \(token(account.accessExpiresAt))"),
            indent: 2
        )
    }

    private func token(_ end: Int64?) -> String {
        guard let end else { return "no token" }
        return "token \(ends(end)) \(clock.relative(end))"
    }

    private func ends(_ end: Int64) -> String {
        end > clock.now ? "ends" : "ended"
    }

    static func word(_ state: WireAccount.State) -> String {
        switch state {
        case .active: "active"
        case .degraded: "degraded"
        case .expired: "expired"
        case .loginRequired: "login required"
        }
    }

    // MARK: list

    /// A table with a line for each account; a name that is too long for its column has a line for itself.
    func table(_ accounts: [WireAccount]) -> String {
        let rows = accounts.map { account in
            [
                style.clean(account.account), Self.word(account.state),
                account.accessExpiresAt.map(clock.relative) ?? "-",
            ]
        }
        let header = ["ACCOUNT", "STATE", "TOKEN ENDS"]
        let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
        let room = style.width - widths[1] - widths[2] - 4
        let first = max(7, min(widths[0], room))
        return ([header] + rows).map { row in
            let rest = "  " + padded(row[1], widths[1]) + "  " + row[2] + "\n"
            if row[0].count <= first { return padded(row[0], first) + rest }
            return style.wrap(start: "", row[0], indent: 0) + padded("", first) + rest
        }.joined()
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    // MARK: status

    /// The daemon and each account in full. `remedy` makes a command for an account that can be run as it stands.
    func status(_ status: WireStatus, remedy: (_ command: String, _ account: String?) -> String) -> String {
        let up = Clock.length(UInt64(max(0, status.uptime)))
        let daemon = "quartiled \(status.version): \(Self.word(status.state)), pid \(status.pid), up \(up)"
        var text = style.wrap(start: "", style.clean(daemon), indent: 2)
        if let key = status.key { text += style.field("key", "\(key.source); protects \(key.protects)") }
        if let advice = status.key?.advice { text += style.field("what to do", advice) }
        if status.accounts.isEmpty {
            text += style.wrap(start: "", "No account yet: run " + remedy("login", "NAME"), indent: 2)
        }
        for account in status.accounts { text += "\n" + details(account, remedy) }
        return text
    }

    private static func word(_ state: WireStatus.State) -> String {
        switch state {
        case .ready: "ready"
        case .storageFailed: "ready, but its database can't be written"
        case .stopping: "stopping"
        }
    }

    private func details(_ account: WireAccount, _ remedy: (_ command: String, _ account: String?) -> String) -> String
    {
        var text = style.wrap(start: "", style.clean("\(account.account): \(sentence(account))"), indent: 2)
        func add(_ label: String, _ value: String?) {
            if let value { text += style.field(label, value) }
        }
        add("what to do", advice(account).map { "run: " + remedy($0, account.account) })
        add("username", account.username)
        add("API", "\(account.apiVersion.rawValue) at \(account.baseURL)")
        add("generation", "\(account.generation)")
        add("access token", account.accessExpiresAt.map { "\(ends($0)) \(clock.relative($0))" } ?? "none")
        add("next refresh", account.nextRefreshAt.map { $0 <= clock.now ? "due" : clock.relative($0) })
        add("refresh token", account.refreshExpiresAt.map { "\(ends($0)) \(clock.relative($0))" })
        add("password", account.passwordStored ? "kept, sealed" : "not kept")
        add("may stay off", mayStayOff(account))
        if let error = account.lastError {
            var text = "\(clock.relative(error.at)): \(error.message)"
            if let retryAt = error.retryAt {
                if text.hasSuffix(".") { text.removeLast() }
                text += "; next try \(clock.relative(retryAt))"
            }
            add("last error", text)
        }
        return text
    }

    private func mayStayOff(_ account: WireAccount) -> String? {
        guard account.state != .loginRequired else { return nil }
        guard let end = account.offlineOKUntil else { return "as long as it likes" }
        return "until \(clock.relative(end)), then a person must log in"
    }

    private func sentence(_ account: WireAccount) -> String {
        let alive = account.accessExpiresAt.map { $0 > clock.now } ?? false
        return switch account.state {
        case .active: "active"
        case .degraded: "degraded (refreshing fails, the token is still good)"
        case .expired: "expired (refreshing fails, the token is gone)"
        case .loginRequired: "login required" + (alive ? " (the token is still good)" : "")
        }
    }

    /// The command that heals the account, where a person has to do something.
    private func advice(_ account: WireAccount) -> String? {
        switch account.state {
        case .active: nil
        case .loginRequired where account.apiVersion == .v1: "import"
        // With a password at hand it takes a person only where the API refused it.
        case .loginRequired: account.passwordStored ? "update" : "login"
        case .degraded, .expired: account.lastError?.code == ErrorCode.upstreamRejected.name ? "update" : nil
        }
    }
}
