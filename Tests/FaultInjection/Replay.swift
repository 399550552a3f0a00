import EndToEndHarness

/// What becomes of a refresh token of which the API may have taken possession, where no password is stored.
enum Replay: String, CaseIterable, Sendable {
    /// Nothing came back, and nothing was spent: the same token again is right.
    case unspent
    /// Nothing came back, and it was spent: a server with some grace gives another set.
    case spent
    /// A success came back that can't be read, twice: the token is known to be spent, and a second replay would be one
    /// too many.
    case unreadable

    /// What was not as it must be.
    func problem() async throws -> String? {
        let sandbox = try await Sandbox(arguments: ["--mode", "grace", "--access-lifetime", "1h"])
        let home = try Home()
        let daemon = try await Daemon(home)
        try await home.enter("ada", sandbox, remember: false)
        switch self {
        case .unspent: try await sandbox.fault("close", ["call": "refresh", "when": "before"])
        case .spent: try await sandbox.fault("close", ["call": "refresh", "when": "after"])
        case .unreadable: try await sandbox.fault("malformed", ["call": "refresh", "when": "after", "times": 2])
        }
        _ = try await WireClient(home).call("refresh", ["account": "ada"])
        let expected = self == .unreadable ? "login_required" : "active"
        try await eventually(expected) { try await home.standing(of: "ada")["state"]?.string == expected }
        if self == .unreadable {
            // Neither time, nor a user, nor a restart has it sent once more.
            _ = try await WireClient(home).call("refresh", ["account": "ada"])
            try await daemon.killAndStart()
            _ = try await WireClient(home).call("refresh", ["account": "ada"])
        }
        let tokens = try await sandbox.calls("refresh").map { $0["refresh_token_fingerprint"]?.string }
        guard tokens.count == 2, tokens[0] == tokens[1] else {
            return "\(tokens.count) refreshes, not one and its replay"
        }
        let logins = try await sandbox.calls("login").count
        return logins == 1 ? nil : "\(logins) logins"
    }
}
