/// The control endpoint under `/_sandbox/`, apart from HTTP.
struct ControlAPI: Sendable {
    let sandbox: Sandbox

    /// Answers one request. `path` is what follows `/_sandbox/`; `now` is seconds since 1970.
    func answer(method: String, path: String, query: [String: String], body: [UInt8], now: Double) async -> Answer {
        do {
            return try await route(method: method, path: path, query: query, body: body, now: now)
        } catch let error as ControlError {
            return Answer(400, ["error": .string(error.message)])
        } catch {
            return Answer(400, ["error": "the body is not JSON"])
        }
    }

    private func route(
        method: String,
        path: String,
        query: [String: String],
        body: [UInt8],
        now: Double
    ) async throws -> Answer {
        switch (method, path) {
        case ("GET", "calls"):
            return Answer(200, ["calls": .array(try await calls(query))])
        case ("DELETE", "calls"):
            return Answer(200, ["removed": .integer(await sandbox.clearCalls())])
        case ("GET", "state"):
            return Answer(200, await sandbox.stateJSON)
        case ("GET", "settings"):
            return Answer(200, await sandbox.authority.settingsJSON)
        case ("PATCH", "settings"):
            let json = try JSONValue(parsing: body)
            try await sandbox.update { try $0.patch(json) }
            return Answer(200, await sandbox.authority.settingsJSON)
        case ("POST", "users"):
            return try await createUser(try JSONValue(parsing: body))
        case ("POST", "issue"):
            return try await issue(try JSONValue(parsing: body), now: now)
        case ("POST", "revoke"):
            let username = try await knownUser(try JSONValue(parsing: body))
            let count = await sandbox.update { $0.revokeFamilies(of: username, .request) }
            return Answer(200, ["revoked": .integer(count)])
        case ("GET", "faults"):
            return Answer(200, ["faults": .array(await sandbox.faults.entries.map(\.json))])
        case ("POST", "faults"):
            let fault = try FaultReader.fault(try JSONValue(parsing: body))
            return Answer(201, ["id": .integer(await sandbox.add(fault))])
        case ("DELETE", "faults"):
            return Answer(200, ["removed": .integer(await sandbox.removeFaults())])
        case ("DELETE", let path) where path.hasPrefix("faults/"):
            guard let id = Int(path.dropFirst("faults/".count)) else { break }
            return Answer(200, ["removed": .integer(await sandbox.removeFaults(id))])
        default:
            break
        }
        return Answer(404, ["error": .string("there is no \(method) /_sandbox/\(path)")])
    }

    private func calls(_ query: [String: String]) async throws -> [JSONValue] {
        var records = await sandbox.calls
        for (name, value) in query {
            switch name {
            case "after":
                guard let n = Int(value) else { throw ControlError("after must be a number") }
                records.removeAll { $0.n <= n }
            case "call": records.removeAll { $0.call.rawValue != value }
            case "username": records.removeAll { $0.username != value }
            default: throw ControlError("\(name) is not known here; calls takes after, call and username")
            }
        }
        return records.map(\.json)
    }

    private func createUser(_ json: JSONValue) async throws -> Answer {
        var fields = try JSONFields(json)
        var user = User(
            username: try fields.requiredString("username"),
            password: try fields.requiredString("password")
        )
        user.subscriptionKey = try fields.string("subscription_key").map(SubscriptionKey.checked)
        try fields.finish()
        let created = user
        let key = await sandbox.update { authority in
            authority.put(created)
            return authority.subscriptionKey(of: created)
        }
        return Answer(201, ["username": .string(user.username), "subscription_key": .string(key)])
    }

    private func issue(_ json: JSONValue, now: Double) async throws -> Answer {
        let username = try await knownUser(json)
        let set = try await sandbox.update { authority in
            TokenSetBody.json(
                try authority.startFamily(for: username, now: now, isLogin: false),
                shape: authority.settings.shape
            )
        }
        return Answer(201, set)
    }

    private func knownUser(_ json: JSONValue) async throws -> String {
        var fields = try JSONFields(json)
        let username = try fields.requiredString("username")
        try fields.finish()
        guard await sandbox.authority.users[username] != nil else {
            throw ControlError("there is no user \(username)")
        }
        return username
    }
}

extension Sandbox {
    /// Counts for each family and over all.
    var stateJSON: JSONValue {
        let families = authority.families
        return [
            "users": .integer(authority.users.count),
            "calls": .integer(calls.count),
            "refreshes": .integer(families.reduce(0) { $0 + $1.refreshes }),
            "reused": .integer(families.reduce(0) { $0 + $1.reuses }),
            "revoked": .integer(families.count { $0.revocation != nil }),
            "families": .array(
                families.map {
                    [
                        "family": .integer($0.id),
                        "username": .string($0.username),
                        "generations": .integer($0.generations.count),
                        "refreshes": .integer($0.refreshes),
                        "reused": .integer($0.reuses),
                        "revoked": .bool($0.revocation != nil),
                        "revoked_for": .optional($0.revocation?.rawValue),
                    ]
                }
            ),
        ]
    }
}

extension FaultBook.Entry {
    /// The fault as the control endpoint tells it.
    var json: JSONValue {
        [
            "id": .integer(id),
            "kind": .string(fault.kind),
            "when": .string(fault.moment.rawValue),
            "call": .string(fault.call?.rawValue ?? "any"),
            "api_version": .optional(fault.version?.rawValue),
            "username": .optional(fault.username),
            "skip": .integer(fault.skip),
            "times": .optional(fault.remaining),
            "struck": .integer(fault.struck),
        ]
    }
}
