import EndToEndHarness

/// The daemon's answer is an error, where it must not be.
struct ErrorAnswer: Error, CustomStringConvertible {
    let description: String
}

extension Home {
    /// Calls a method on a connection of its own, and returns its result.
    @discardableResult
    func call(_ method: String, _ params: JSON? = nil) async throws -> JSON {
        let answer = try await WireClient(self).call(method, params)
        guard let result = answer["result"] else { throw ErrorAnswer(description: "\(method): \(answer.text)") }
        return result
    }

    /// Logs an account in with the sandbox's credentials.
    @discardableResult
    func enter(_ account: String, _ sandbox: Sandbox, remember: Bool = true) async throws -> JSON {
        try await call(
            "login",
            [
                "account": .string(account), "username": .string(sandbox.username),
                "password": .string(sandbox.password), "subscription_key": .string(sandbox.subscriptionKey),
                "base_url": .string(sandbox.url), "remember": .bool(remember),
            ]
        )
    }

    /// What `status` says of an account.
    func standing(of account: String) async throws -> JSON {
        let status = try await call("status", ["account": .string(account)])
        return try present(status["accounts"]?[0], "the account in \(status.text)")
    }

    /// Waits until an account is `active` and the API takes its token. Returns the token object.
    @discardableResult
    func waitUntilWell(_ account: String, _ sandbox: Sandbox, within limit: Duration = patience) async throws -> JSON {
        try await eventually("\(account) active", within: limit) {
            try await standing(of: account)["state"] == "active"
        }
        let token = try await call("get_token", ["account": .string(account)])
        guard try await sandbox.accepts(token["access_token"]?.string ?? "") else {
            let generation = token["generation"]?.text ?? "none"
            throw ErrorAnswer(description: "the API does not take the token of generation \(generation)")
        }
        return token
    }
}

extension WireClient {
    /// Whether the daemon answers; false where it ends before it does.
    func isAnswered() async throws -> Bool {
        do {
            return try await call("hello")["result"] != nil
        } catch is TimedOut {
            return false
        }
    }
}

extension Plan {
    /// The same plan for cases that do little but wait: many of them may run at a time.
    func idle(jobs: Int = 12) -> Plan { Plan(quick: quick, seed: seed, jobs: jobs, only: only) }
}
