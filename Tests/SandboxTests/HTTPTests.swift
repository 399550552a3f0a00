import Foundation
import Hummingbird
import ServiceLifecycle
import Testing

@testable import quartile_sandbox

/// The sandbox over real sockets, served in this process.
@Suite struct HTTPTests {
    private static let key = "Sandbox0Sandbox0Sandbox0Sandbox0"

    /// A client that has the right key and an account.
    private struct Client {
        let http: RawHTTP
        let sandbox: Sandbox

        func post(_ path: String, _ body: JSONValue, limit: Int = .max) async throws -> RawHTTP.Response {
            let headers = [
                "Content-Type": "application/json", "Subscription-Key": HTTPTests.key,
                "Ocp-Apim-Subscription-Key": HTTPTests.key,
            ]
            let text = String(decoding: body.serialized, as: UTF8.self)
            return try await http.exchange("POST", path, headers: headers, body: text, limit: limit)
        }

        func login() async throws -> RawHTTP.Response {
            try await post("/auth/v2/login", ["username": "ada@example.com", "password": "correct-horse-ada"])
        }

        func token() async throws -> JSONValue {
            try JSONValue(parsing: try await login().body)["refresh"]?["token"] ?? .null
        }

        func refresh(_ token: JSONValue, limit: Int = .max) async throws -> RawHTTP.Response {
            try await post("/auth/v2/refresh", ["token": token], limit: limit)
        }

        func control(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> JSONValue {
            let text = body.map { String(decoding: $0.serialized, as: UTF8.self) } ?? ""
            return try JSONValue(parsing: try await http.exchange(method, "/_sandbox/" + path, body: text).body)
        }
    }

    private func serve(_ test: (Client) async throws -> Void) async throws {
        let sandbox = Sandbox(settings: SandboxSettings(subscriptionKey: Self.key))
        await sandbox.update { $0.put(User(username: "ada@example.com", password: "correct-horse-ada")) }
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let application = SandboxServer.application(sandbox, host: "127.0.0.1", port: 0) { continuation.yield($0) }
        let server = Task { try await application.run() }
        defer { server.cancel() }
        var iterator = ports.makeAsyncIterator()
        let port = try #require(await iterator.next())
        try await test(Client(http: RawHTTP(port: port), sandbox: sandbox))
    }

    @Test func speaksEveryVersion() async throws {
        try await serve { client in
            let first = try await client.login()
            #expect(first.status == 201)
            #expect(first.header("content-type") == "application/json")
            let set = try JSONValue(parsing: first.body)
            var token = try #require(set["refresh"]?["token"])
            for (path, field) in [
                ("/auth/v1/refresh-token", "refresh_token"), ("/auth/v2/refresh", "token"),
                ("/auth/v3/refresh", "token"),
            ] {
                let response = try await client.post(path, .object([.init(name: field, value: token)]))
                #expect(response.status == 201)
                token = try #require(try JSONValue(parsing: response.body)["refresh"]?["token"])
            }
            let access = try #require(set["authorization"]?["token"])
            for path in ["/auth/v1/validate-token", "/auth/v2/validate", "/auth/v3/validate"] {
                #expect(try await client.post(path, ["token": access]).status == 201)
                #expect(try await client.post(path, ["token": "forged"]).status == 401)
            }
            #expect(try await client.post("/auth/v1/login", [:]).status == 404)
            #expect(await client.sandbox.calls.last?.outcome == .noSuchPath)
        }
    }

    @Test func takesTheAccessTokenFromTheHeader() async throws {
        try await serve { client in
            let set = try JSONValue(parsing: try await client.login().body)
            let access = try #require(set["authorization"]?["token"]?.text)
            let headers = ["Subscription-Key": Self.key, "Authorization": "Bearer \(access)"]
            #expect(try await client.http.exchange("POST", "/auth/v2/validate", headers: headers).status == 201)
        }
    }

    @Test func eachVersionHasItsOwnKeyHeader() async throws {
        try await serve { client in
            let json = ["Content-Type": "application/json"]
            let ofV1 = json.merging(["Ocp-Apim-Subscription-Key": Self.key]) { $1 }
            let ofV2 = json.merging(["Subscription-Key": Self.key]) { $1 }
            let body = #"{"refresh_token":"x"}"#
            _ = try await client.http.exchange("POST", "/auth/v1/refresh-token", headers: ofV1, body: body)
            _ = try await client.http.exchange("POST", "/auth/v1/refresh-token", headers: ofV2, body: body)
            _ = try await client.http.exchange("POST", "/auth/v2/refresh", headers: ofV1, body: #"{"token":"x"}"#)
            #expect(await client.sandbox.calls.map(\.outcome) == [.refreshUnknown, .missingKey, .missingKey])
        }
    }

    @Test func answersTheReachabilityCheck() async throws {
        try await serve { client in
            let good = try await client.http.exchange("GET", "/status/v2?subscription-key=\(Self.key)")
            #expect(good.status == 200)
            #expect(try JSONValue(parsing: good.body) == ["message": "running"])
            #expect(try await client.http.exchange("GET", "/status/v2").status == 401)
        }
    }

    @Test func theDateHeaderFollowsTheSkewedClock() async throws {
        try await serve { client in
            _ = try await client.control("PATCH", "settings", ["clock_skew": .number(-864_000)])
            let before = SystemClock.now() - 864_000
            let date = try #require(try await client.login().header("date"))
            let after = SystemClock.now() - 864_000
            let moments = stride(from: before.rounded(.down), through: after, by: 1).map(CivilTime.httpDate)
            #expect(moments.contains(date))
        }
    }

    @Test(arguments: [
        ("reset", "before", RawHTTP.End.reset, CallOutcome.notProcessed), ("reset", "after", .reset, .rotated),
        ("close", "before", .closed, .notProcessed), ("close", "after", .closed, .rotated),
    ])
    func endsTheConnectionWithNoAnswer(kind: String, when: String, end: RawHTTP.End, outcome: CallOutcome) async throws
    {
        try await serve { client in
            let token = try await client.token()
            _ = try await client.control("POST", "faults", ["kind": .string(kind), "when": .string(when)])
            let response = try await client.refresh(token)
            #expect(response.end == end)
            #expect(response.bytes.isEmpty)
            #expect(await client.sandbox.calls.last?.outcome == outcome)
        }
    }

    @Test func truncatesAnAnswerAtTheByteAskedFor() async throws {
        try await serve { client in
            let token = try await client.token()
            _ = try await client.control("POST", "faults", ["kind": "truncate", "bytes": .number(100)])
            let response = try await client.refresh(token)
            #expect(response.end == .closed)
            #expect(response.body.count == 100)
            #expect(response.header("content-length").flatMap { Int($0) } ?? 0 > 100)
            #expect(await client.sandbox.calls.last?.outcome == .rotated)
        }
    }

    @Test func anEndlessBodyGoesOnPastAnySoundLimit() async throws {
        try await serve { client in
            let token = try await client.token()
            _ = try await client.control("POST", "faults", ["kind": "endless", "when": "after"])
            let response = try await client.refresh(token, limit: 2 << 20)
            #expect(response.bytes.count >= 2 << 20)
            #expect(response.header("content-length") == nil)
        }
    }

    @Test func dripsAWholeAnswer() async throws {
        try await serve { client in
            let token = try await client.token()
            _ = try await client.control("POST", "faults", ["kind": "drip", "interval": .number(0.0001)])
            let response = try await client.refresh(token)
            #expect(response.end == .complete)
            #expect(try JSONValue(parsing: response.body)["refresh"]?["token"] != nil)
        }
    }

    @Test func aHangingCallIsAnsweredOnceTheFaultIsDeleted() async throws {
        try await serve { client in
            let token = try await client.token()
            let id = try await client.control("POST", "faults", ["kind": "hang", "when": "after"])["id"]
            async let held = client.refresh(token)
            while await client.sandbox.calls.last?.outcome != .rotated { await Task.yield() }
            #expect(id == .number(1))
            #expect(try await client.control("DELETE", "faults/1") == ["removed": .number(1)])
            #expect(try await held.status == 201)
        }
    }

    @Test func redirectsAndThrottlesWithTheHeadersAskedFor() async throws {
        try await serve { client in
            let target: JSONValue = "http://127.0.0.2:9/auth/v2/login"
            let redirect: JSONValue = ["kind": "redirect", "location": target, "code": .number(307)]
            _ = try await client.control("POST", "faults", redirect)
            let redirected = try await client.login()
            #expect(redirected.status == 307)
            #expect(redirected.header("location") == target.text)
            let throttle: JSONValue = ["kind": "status", "code": .number(429), "retry_after": .number(7)]
            _ = try await client.control("POST", "faults", throttle)
            let throttled = try await client.login()
            #expect(throttled.status == 429)
            #expect(throttled.header("retry-after") == "7")
            #expect(try await client.login().status == 201)
        }
    }

    @Test func theControlEndpointCreatesIssuesRevokesAndTells() async throws {
        try await serve { client in
            let bob: JSONValue = ["username": "bob@example.com", "password": "p"]
            #expect(try await client.control("POST", "users", bob)["subscription_key"] == .string(Self.key))
            let set = try await client.control("POST", "issue", ["username": "bob@example.com"])
            let token = try #require(set["refresh"]?["token"])
            #expect(try await client.refresh(token).status == 201)
            let revoked = try await client.control("POST", "revoke", ["username": "bob@example.com"])
            #expect(revoked == ["revoked": .number(1)])
            #expect(try await client.refresh(token).status == 401)
            let state = try await client.control("GET", "state")
            #expect(state["refreshes"] == .number(1))
            #expect(state["reused"] == .number(1))
            #expect(state["revoked"] == .number(1))
            guard case .array(let calls) = try await client.control("GET", "calls?after=1&call=refresh")["calls"] else {
                Issue.record("no list of calls")
                return
            }
            #expect(calls.map { $0["outcome"] } == ["family_revoked"])
            #expect(calls.map { $0["username"] } == ["bob@example.com"])
            #expect(try await client.control("GET", "nowhere")["error"] != nil)
        }
    }
}
