import EndToEndHarness
import Foundation

/// An answer that is not what it should be, and what it says of the refresh token that was sent.
struct BadAnswer: Sendable {
    /// As in the table of outcomes.
    enum Meaning: Sendable {
        /// The same token again, after a wait.
        case notSent
        /// The token is dead: a login at once.
        case rejected
        /// The token may be spent: a login, after a wait.
        case ambiguous
    }

    let name: String
    let kind: String
    let fields: [String: JSON]
    let meaning: Meaning
    /// How long the answer asks its caller to stay away.
    let wait: Duration

    init(_ name: String, _ kind: String, _ fields: [String: JSON] = [:], _ meaning: Meaning, wait: Duration = .zero) {
        self.name = name
        self.kind = kind
        self.fields = fields
        self.meaning = meaning
        self.wait = wait
    }

    static func all(redirectingTo stranger: String) -> [BadAnswer] {
        var all: [BadAnswer] = []
        // Whether the server has rotated or not can't be told from the answer.
        for when in ["before", "after"] {
            let moment: [String: JSON] = ["when": .string(when)]
            func add(_ name: String, _ kind: String, _ fields: [String: JSON] = [:]) {
                all.append(BadAnswer("\(name)-\(when)", kind, fields.merging(moment) { $1 }, .ambiguous))
            }
            add("lost", "hang")
            add("closed", "close")
            add("reset", "reset")
            add("html", "html")
            for code in [500, 502, 503, 504] { add("\(code)", "status", ["code": .number(Double(code))]) }
            for code in [301, 302, 307, 308] {
                let location = "\(stranger)/auth/v2/refresh"
                add("redirect-\(code)", "redirect", ["code": .number(Double(code)), "location": .string(location)])
            }
        }
        all += [
            BadAnswer("truncated", "truncate", [:], .ambiguous),
            BadAnswer("truncated-at-0", "truncate", ["bytes": 0], .ambiguous),
            BadAnswer("dripping", "drip", ["interval": 0.2], .ambiguous),
            BadAnswer("endless", "endless", ["when": "after"], .ambiguous),
            BadAnswer("bad-lifetime", "bad_lifetime", [:], .ambiguous),
            BadAnswer("bad-token", "bad_token", [:], .ambiguous),
            BadAnswer("401-html", "status", html(401), .ambiguous),
            BadAnswer("404", "status", ["code": 404], .ambiguous),
            BadAnswer("401", "status", ["code": 401], .rejected),
            BadAnswer("422", "status", ["code": 422], .rejected),
            BadAnswer("429-seconds", "status", ["code": 429, "retry_after": 3], .notSent, wait: .seconds(3)),
            // A date has whole seconds, so it may say up to one less.
            BadAnswer("429-date", "status", ["code": 429, "retry_after_date": 4], .notSent, wait: .seconds(3)),
            BadAnswer("429", "status", gateway(429, "Slow down."), .notSent),
            BadAnswer("403", "status", gateway(403, "Not for you."), .notSent),
            BadAnswer("401-key", "status", gateway(401, "Access denied due to invalid subscription key."), .notSent),
        ]
        return all
            + ["no_refresh", "no_access", "not_json", "empty", "array"].map {
                BadAnswer("malformed-\($0)", "malformed", ["variant": .string($0), "when": "after"], .ambiguous)
            }
    }

    private static func gateway(_ code: Int, _ message: String) -> [String: JSON] {
        ["code": .number(Double(code)), "body": ["statusCode": .number(Double(code)), "message": .string(message)]]
    }

    private static func html(_ code: Int) -> [String: JSON] {
        ["code": .number(Double(code)), "body": "<html></html>", "content_type": "text/html"]
    }

    /// What was not as it must be with a daemon that gets this answer once.
    func problem() async throws -> String? {
        let sandbox = try await Sandbox(arguments: ["--access-lifetime", "1h"])
        let home = try Home()
        let daemon = try await Daemon(home, environment: ["QUARTILED_API_TIMEOUT": "2s"])
        try await home.enter("ada", sandbox)
        let probe = TokenProbe(home, account: "ada", every: .milliseconds(5))
        try await sandbox.fault(kind, fields.merging(["call": "refresh"]) { $1 })
        let answer = try await WireClient(home).call("refresh", ["account": "ada"])
        // Where a login may follow at once, it has, and that is what was asked for.
        guard answer["error"] != nil || meaning == .rejected else { return "the refresh succeeded: \(answer.text)" }
        try await sandbox.clearFaults()
        try await eventually("active again", within: .seconds(30)) {
            try await home.standing(of: "ada")["state"] == "active"
        }
        let token = try await home.waitUntilWell("ada", sandbox)
        let reading = try await probe.finish()
        if let problem = reading.problems.first { return "get_token: \(problem)" }
        guard token["generation"] == 2 else { return "generation \(token["generation"]?.text ?? "none")" }
        return try await problem(with: sandbox) ?? (daemon.process.end.map { "the daemon ended with \($0)" })
    }

    /// What was wrong with the calls that the API saw.
    private func problem(with sandbox: Sandbox) async throws -> String? {
        let calls = try await sandbox.calls().filter { ["login", "refresh"].contains($0["call"]?.string) }
        let kinds = calls.compactMap { $0["call"]?.string }
        let expected = ["login", "refresh", meaning == .notSent ? "refresh" : "login"]
        guard kinds == expected else { return "calls \(kinds), not \(expected)" }
        let gap = (calls[2]["at"]?.number ?? 0) - (calls[1]["at"]?.number ?? 0)
        guard .seconds(gap) >= wait else { return "came back after \(gap) s of \(wait)" }
        if meaning == .notSent {
            let tokens = calls[1...].map { $0["refresh_token_fingerprint"]?.string }
            guard tokens[0] == tokens[1] else { return "another refresh token was sent" }
        }
        let reused = try await sandbox.control("GET", "state")["reused"]
        return reused == 0 ? nil : "\(reused?.text ?? "no") spent tokens came again"
    }
}
