import EndToEndHarness
import Glibc

/// What is asked of a ``Subject``'s daemon, on its one connection.
extension Subject {
    /// The whole response.
    func response(_ method: String, _ params: JSON) async throws -> JSON { try await client.call(method, params) }

    /// The result. Throws where it is an error, and says which.
    func result(_ method: String, _ params: JSON) async throws -> JSON {
        let response = try await response(method, params)
        return try present(response["result"], "a result of \(method): \(response["error"]?.text ?? "")")
    }

    func logIn(_ account: String, remember: Bool) async throws {
        _ = try await result("login", .login(account, to: sandbox, remember: remember))
    }

    func isThere(_ account: String) async throws -> Bool {
        try await result("list_accounts", [:])["accounts"]?.elements.contains { $0["account"]?.string == account }
            ?? false
    }

    /// What `status` says of one account.
    func account(_ name: String) async throws -> JSON {
        let status = try await result("status", ["account": .string(name)])
        return try present(status["accounts"]?[0], "the account \(name) in \(status.text)")
    }

    /// The token that is served.
    func token(_ account: String) async throws -> (generation: Int, access: String) {
        let token = try await result("get_token", ["account": .string(account), "max_wait": 5])
        return (
            try present(token["generation"]?.int, "a generation in \(token.names)"),
            try present(token["access_token"]?.string, "an access token in \(token.names)")
        )
    }

    /// Has the guest there or not, as the operation wants it, and the sandbox's log empty.
    func prepare(_ operation: KilledOperation, remember: Bool) async throws {
        switch operation {
        case .refresh, .relogin, .rotate: break
        case .login:
            if try await isThere("guest") { _ = try await result("logout", ["account": "guest"]) }
        case .logout:
            if try await !isThere("guest") { try await logIn("guest", remember: remember) }
        }
        // From here on, the log tells what the operation had the server do.
        try await sandbox.control("DELETE", "calls")
    }

    /// Throws where SQLite finds anything wrong with the file.
    func checkIntegrity() async throws {
        let verdict = try await SQLiteShell.run("PRAGMA integrity_check", on: home.database)
        try hold(verdict == "ok\n", "integrity_check says \(verdict)")
    }
}

/// Blocks the thread: for moments that a timer of the runtime would miss by more than they last.
func pause(_ duration: Duration) { usleep(UInt32(max(0, duration / .microseconds(1)))) }
