import Foundation

/// A running `quartile-sandbox`.
package struct Sandbox: Sendable {
    package let url: String
    package let port: Int
    package let username: String
    package let password: String
    package let subscriptionKey: String
    package let process: ChildProcess

    /// Starts one and waits until it is ready.
    package init(_ arguments: String...) async throws { try await self.init(arguments: arguments) }

    /// Starts one and waits until it is ready.
    package init(arguments: [String], environment changes: [String: String] = [:]) async throws {
        let environment = try Home().environment.merging(changes) { $1 }
        let process = try ChildProcess(try Program.sandbox.path, arguments, environment: environment)
        let text = try await eventually("the sandbox", every: .milliseconds(5)) { () -> String? in
            if let end = process.end {
                throw Finished.Unexpected(description: "the sandbox ended with \(end): \(process.errors)")
            }
            let text = process.output
            return text.hasSuffix("ready\n") ? text : nil
        }
        var said: [Substring: String] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 1)
            said[words[0]] = words.count > 1 ? String(words[1]) : ""
        }
        url = try present(said["url"], "url in \(text)")
        port = try present(url.split(separator: ":").last.flatMap { Int($0) }, "a port in \(url)")
        username = try present(said["username"], "username in \(text)")
        password = try present(said["password"], "password in \(text)")
        subscriptionKey = try present(said["subscription-key"], "subscription-key in \(text)")
        self.process = process
    }

    /// What `quartilectl login --credentials` reads.
    package var credentials: JSON {
        [
            "username": .string(username), "password": .string(password),
            "subscription_key": .string(subscriptionKey),
        ]
    }

    /// Speaks to the control endpoint.
    @discardableResult
    package func control(_ method: String, _ path: String, _ body: JSON? = nil) async throws -> JSON {
        if let end = process.end {
            throw Finished.Unexpected(description: "the sandbox ended with \(end): \(process.errors)")
        }
        let response = try await LoopbackHTTP.exchange(
            port: port,
            method,
            "/_sandbox/" + path,
            headers: ["Content-Type": "application/json"],
            body: body?.text ?? ""
        )
        guard (200..<300).contains(response.status) else {
            throw Finished.Unexpected(description: "\(method) \(path) answered \(response.status): \(response.body)")
        }
        return try JSON(response.body)
    }

    /// Changes settings.
    package func set(_ settings: JSON) async throws { try await control("PATCH", "settings", settings) }

    /// Adds a fault and returns its id.
    @discardableResult
    package func fault(_ kind: String, _ fields: [String: JSON] = [:]) async throws -> Int {
        let members = fields.merging(["kind": .string(kind)]) { $1 }
        return try present(try await control("POST", "faults", .object(members))["id"]?.int, "the fault's id")
    }

    /// Removes all faults.
    package func clearFaults() async throws { try await control("DELETE", "faults") }

    /// The log of calls, in order of arrival; only those of one kind where that is given.
    package func calls(_ kind: String? = nil) async throws -> [JSON] {
        try await control("GET", "calls" + (kind.map { "?call=\($0)" } ?? ""))["calls"]?.elements ?? []
    }

    /// Waits for a call that `matches`, and returns the first.
    @discardableResult
    package func waitForCall(_ kind: String, _ matches: (JSON) -> Bool = { _ in true }) async throws -> JSON {
        try await eventually("a \(kind) at the sandbox") { try await calls(kind).first(where: matches) }
    }

    /// Asks the API itself whether an access token works.
    package func accepts(_ token: String) async throws -> Bool {
        let response = try await LoopbackHTTP.exchange(
            port: port,
            "POST",
            "/auth/v2/validate",
            headers: [
                "Content-Type": "application/json", "Subscription-Key": subscriptionKey,
                "Authorization": "Bearer \(token)",
            ],
            body: JSON.object(["token": .string(token)]).text
        )
        return response.status == 201
    }
}

/// The claims of a JSON Web Token, not verified.
package func claims(_ token: String) throws -> JSON {
    let parts = token.split(separator: ".")
    var text = try present(parts.dropFirst().first.map(String.init), "claims in a token")
    text.replace("-", with: "+")
    text.replace("_", with: "/")
    while text.utf8.count % 4 != 0 { text += "=" }
    let data = try present(Data(base64Encoded: text), "base64 in a token")
    return try JSON(String(decoding: data, as: UTF8.self))
}
