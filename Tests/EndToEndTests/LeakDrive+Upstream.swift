import EndToEndHarness
import Foundation
import Testing

/// An API that fails, is slow, and gives back what it was given.
extension LeakDrive {
    /// A text in each spelling that a message can hold and that a server may come to by itself: who spells a secret out
    /// number by number wants it seen.
    private func spellings(_ text: String) -> [String] {
        LeakSpelling.allCases.filter { $0 != .utf16 && $0 != .decimal }.flatMap { spelling in
            spelling.forms(of: text).filter { spelling != .hexadecimal || $0.count == 2 * text.utf8.count }
                .map { String(decoding: $0, as: UTF8.self) }.sorted()
        }
    }

    private func answer(_ status: Int, _ call: String, _ body: JSON, _ headers: JSON = [:]) async throws {
        try await sandbox.fault(
            "status",
            ["code": .number(Double(status)), "call": .string(call), "body": body, "headers": headers]
        )
    }

    private func message(_ text: String, _ status: Int) -> JSON {
        ["message": .string(text), "statusCode": .number(Double(status))]
    }

    /// Messages that give a login's own secrets back, whole and in part.
    func messagesOfLogins() async throws {
        for secret in [password, mistyped] {
            for text in spellings(secret) + [String(secret.prefix(14)), String(secret.suffix(14))] {
                try await answer(401, "login", message("wrong: \(text)", 401))
                try await logIn("ada", secret).expect(65)
            }
        }
        for text in spellings(mistyped) {
            try await answer(422, "login", ["detail": [["loc": ["body", .string(text)], "msg": .string(text)]]])
            try await logIn("ada", mistyped).expect(65)
        }
    }

    /// Messages of every status, about each call.
    func messagesOfEveryStatus() async throws {
        let set = try await issue("of an API that gives it back")
        let token = try #require(set["refresh"]?["token"]?.string)
        let text = [password, subscriptionKey, token, rejected].joined(separator: " ")
        for status in [200, 201, 302, 400, 401, 403, 404, 422, 429, 500, 503] {
            for call in ["refresh", "login", "validate"] {
                let location: JSON = ["Location": .string("https://example.com/?token=\(token)")]
                let others: JSON = ["X-Token": .string(token), "Retry-After": .string(token)]
                for (body, headers) in [
                    (message(text, status), location),
                    (message("wrong subscription key \(subscriptionKey), quota of \(password)", status), others),
                    (.string("<html>\(text)</html>"), others),
                ] {
                    try await answer(status, call, body, headers)
                    switch call {
                    case "refresh": try await ground.ctl(["refresh", "--account", "ada"])
                    case "validate": _ = try await ground.call("validate", ["account": "ada"])
                    default: try await logIn("ada")
                    }
                    try await sandbox.clearFaults()
                }
            }
            try await ground.ctl(["status"])
            try await ground.ctl(["list", "--json"])
        }
        try await logIn("ada").expect(0)
    }

    /// Answers that are no token set, or one with tokens in the wrong place.
    func malformedAnswers() async throws {
        let set = try await issue("in the wrong place")
        let access = try #require(set["authorization"]?["token"]?.string)
        let refresh = try #require(set["refresh"]?["token"]?.string)
        let wrong: [JSON] = [
            .string(#"{"refresh": {"token": "\#(refresh)""#), .string(refresh), [.string(refresh)],
            ["authorization": ["token": .string(access)], "refresh": .string(refresh)],
            ["authorization": ["token": .string(access), "expires_in": .string(refresh)], "refresh": ["token": "x"]],
            [
                "authorization": ["token": .string(access), "type": .string(access)],
                "refresh": ["token": .string(refresh)],
            ],
        ]
        for body in wrong {
            try await answer(201, "refresh", body)
            try await ground.ctl(["refresh", "--account", "ada"])
            try await ground.ctl(["status", "--json"])
            try await ground.learnToken("ada")
            try ground.lookAtFiles()
            try await ground.ctl(
                ["import", "--account", "dan", "--tokens", "-", "--subscription-key-file", "/dev/null"],
                input: body.text
            )
            _ = try await ground.call(
                "import_tokens",
                ["account": "dan", "token_set": body, "subscription_key": .string(subscriptionKey)]
            )
        }
        try await logIn("ada").expect(0)
        for (kind, fields) in [
            ("malformed", ["variant": "no_refresh"]), ("malformed", ["variant": "no_access"]),
            ("malformed", ["variant": "not_json"]), ("malformed", ["variant": "array"]), ("bad_token", [:]),
            ("bad_lifetime", [:]), ("html", [:]), ("reset", ["when": "after"]), ("close", ["when": "after"]),
            ("truncate", ["bytes": 900]), ("endless", ["when": "after"]),
            ("redirect", ["location": .string("https://example.com/\(refresh)")]),
        ] as [(String, [String: JSON])] {
            try await sandbox.fault(kind, fields.merging(["call": "refresh"]) { $1 })
            try await ground.ctl(["refresh", "--account", "ada"])
            try await ground.learnToken("ada", "--max-wait", "5s")
            try ground.lookAtFiles()
        }
    }

    /// Answers that do not come in time, and what the programs show of themselves meanwhile.
    func slowAnswers() async throws {
        for (kind, moment) in [("hang", "before"), ("hang", "after"), ("drip", "after")] {
            try await logIn("ada").expect(0)
            let seen = try await sandbox.calls().count
            try await sandbox.fault(kind, ["call": "refresh", "when": .string(moment)])
            let client = try home.start(.quartilectl, ["refresh", "--account", "ada"], environment: ground.environment)
            try await sandbox.waitForCall("refresh") { ($0["n"]?.int ?? 0) > seen }
            try ground.look(at: daemon.process, "quartiled")
            try ground.look(at: client, "quartilectl refresh")
            try ground.lookAtFiles()
            try await ground.ctl(["status"])
            let waiting = try await ground.call(
                "get_token",
                ["account": "ada", "min_valid": 43_000, "max_wait": 0.1],
                allowing: ["access token", "subscription key"]
            )
            #expect(waiting.names.contains("id"))
            let end = try await client.waitForEnd()
            ground.keep(Finished(end: end, output: client.output, errors: client.errors), of: "quartilectl refresh")
            try await sandbox.clearFaults()
        }
        try await logIn("ada").expect(0)
    }
}
