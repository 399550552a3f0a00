import Testing

@testable import quartile_sandbox

@Suite struct SandboxActorTests {
    private static let key = "Sandbox0Sandbox0Sandbox0Sandbox0"

    private func sandbox(_ mode: RotationMode = .strict) async -> Sandbox {
        var settings = SandboxSettings(subscriptionKey: Self.key)
        settings.mode = mode
        let sandbox = Sandbox(settings: settings)
        await sandbox.update { $0.put(User(username: "ada@example.com", password: "correct-horse-ada")) }
        return sandbox
    }

    private func request(
        _ call: CallKind,
        version: APIVersion = .v2,
        key: String? = Self.key,
        _ content: AuthRequest.Content
    ) throws -> AuthRequest {
        let endpoint = try #require(Endpoint.posts.first { $0.call == call && $0.version == version })
        return AuthRequest(endpoint: endpoint, line: "POST \(endpoint.path)", subscriptionKey: key, content: content)
    }

    private func login(key: String? = Self.key, password: String = "correct-horse-ada") throws -> AuthRequest {
        try request(.login, key: key, .credentials(username: "ada@example.com", password: password))
    }

    private func run(_ sandbox: Sandbox, _ request: AuthRequest, now: Double = 1000) async throws -> Sandbox.Reply {
        try await sandbox.process(sandbox.arrive(request, now: now), now: now)
    }

    private func refreshToken(_ reply: Sandbox.Reply) throws -> String {
        try #require(try JSONValue(parsing: reply.answer.body)["refresh"]?["token"]?.text)
    }

    @Test func aChainOfRefreshesSpendsEachTokenOnce() async throws {
        let sandbox = await sandbox()
        var token = try refreshToken(try await run(sandbox, try login()))
        for version in [APIVersion.v1, .v2, .v3] {
            let reply = try await run(sandbox, try request(.refresh, version: version, .token(token)))
            #expect(reply.answer.status == 201)
            token = try refreshToken(reply)
        }
        let calls = await sandbox.calls
        #expect(calls.map(\.outcome) == [.issued, .rotated, .rotated, .rotated])
        #expect(calls.map(\.generation) == [1, 1, 2, 3])
        #expect(calls.map(\.newGeneration) == [1, 2, 3, 4])
        #expect(Set(calls.dropFirst().map(\.fingerprint)).count == 3)
        #expect(calls.dropFirst().map(\.fingerprint) == calls.dropLast().map(\.newFingerprint))
    }

    @Test func aStrictReuseIsRefusedAndLogged() async throws {
        let sandbox = await sandbox()
        let token = try refreshToken(try await run(sandbox, try login()))
        _ = try await run(sandbox, try request(.refresh, .token(token)))
        let reply = try await run(sandbox, try request(.refresh, .token(token)))
        #expect(reply.answer == .unauthorized("The refresh token is invalid or has expired."))
        #expect(await sandbox.calls.last?.outcome == .reuseRevokedFamily)
        #expect(await sandbox.stateJSON["reused"] == .number(1))
    }

    @Test(
        arguments: [
            (nil, 401, CallOutcome.missingKey), ("", 401, .missingKey), ("wrong", 401, .wrongKey),
        ] as [(String?, Int, CallOutcome)]
    )
    func theKeyIsJudgedBeforeAnythingElse(key: String?, status: Int, outcome: CallOutcome) async throws {
        let sandbox = await sandbox()
        let reply = try await run(sandbox, try login(key: key, password: "wrong"))
        #expect(reply.answer.status == status)
        #expect(await sandbox.calls.map(\.outcome) == [outcome])
        #expect(String(decoding: reply.answer.body, as: UTF8.self).contains("subscription key"))
    }

    @Test func aRotatedKeyRefusesTheOldOneAndSpendsNothing() async throws {
        let sandbox = await sandbox()
        let token = try refreshToken(try await run(sandbox, try login()))
        try await sandbox.update { try $0.patch(["rotate_subscription_key": .bool(true)]) }
        #expect(try await run(sandbox, try request(.refresh, .token(token))).answer.status == 401)
        let key = await sandbox.authority.settings.subscriptionKey
        #expect(try await run(sandbox, try request(.refresh, key: key, .token(token))).answer.status == 201)
    }

    @Test func anotherUsersKeyIsWrong() async throws {
        let sandbox = await sandbox()
        let own = "Bob00000Bob00000Bob00000Bob00000"
        await sandbox.update { $0.put(User(username: "bob@example.com", password: "p", subscriptionKey: own)) }
        #expect(try await run(sandbox, try login(key: own)).answer.status == 401)
        let bob = AuthRequest.Content.credentials(username: "bob@example.com", password: "p")
        #expect(try await run(sandbox, try request(.login, key: own, bob)).answer.status == 201)
        #expect(try await run(sandbox, try request(.login, bob)).answer.status == 401)
    }

    @Test func aWrongPasswordIsRefusedInTheAPIsOwnShape() async throws {
        let sandbox = await sandbox()
        let reply = try await run(sandbox, try login(password: "wrong"))
        #expect(reply.answer == .unauthorized("Incorrect username or password."))
        #expect(await sandbox.calls.map(\.outcome) == [.wrongPassword])
    }

    @Test func aFaultBeforeSpendsNothingAndOneAfterDoes() async throws {
        let sandbox = await sandbox()
        let token = try refreshToken(try await run(sandbox, try login()))
        for moment in ["before", "after"] {
            _ = await sandbox.add(try FaultReader.fault(["kind": "reset", "call": "refresh", "when": .string(moment)]))
            #expect(try await run(sandbox, try request(.refresh, .token(token))).delivery == .reset)
        }
        let calls = await sandbox.calls
        #expect(calls.map(\.outcome) == [.issued, .notProcessed, .rotated])
        #expect(calls.map(\.status) == [201, nil, nil])
        #expect(calls.map(\.fault) == [nil, "reset", "reset"])
        #expect(await sandbox.stateJSON["reused"] == .number(0))
    }

    @Test func aHangBeforeIsProcessedOnceItIsCleared() async throws {
        let sandbox = await sandbox()
        let id = await sandbox.add(try FaultReader.fault(["kind": "hang"]))
        let ticket = await sandbox.arrive(try login(), now: 1000)
        #expect(ticket.hold == .untilCleared(id))
        #expect(await sandbox.holds(id))
        #expect(await sandbox.calls.map(\.outcome) == [.pending])
        #expect(await sandbox.removeFaults() == 1)
        #expect(await sandbox.holds(id) == false)
        #expect(try await sandbox.process(ticket, now: 1001).answer.status == 201)
        #expect(await sandbox.calls.map(\.outcome) == [.issued])
    }

    @Test func aDelayAfterHoldsTheAnswerOfARotation() async throws {
        let sandbox = await sandbox()
        _ = await sandbox.add(try FaultReader.fault(["kind": "delay", "seconds": "2s", "when": "after"]))
        try await sandbox.update { try $0.patch(["latency": "50ms"]) }
        let reply = try await run(sandbox, try login())
        #expect(reply.holds == [.seconds(2), .seconds(0.05)])
        #expect(await sandbox.calls.map(\.outcome) == [.issued])
    }

    @Test func clearingTheLogHarmsNoCallUnderWay() async throws {
        let sandbox = await sandbox()
        let token = try refreshToken(try await run(sandbox, try login()))
        let ticket = await sandbox.arrive(try request(.refresh, .token(token)), now: 1000)
        #expect(await sandbox.clearCalls() == 2)
        #expect(try await sandbox.process(ticket, now: 1001).answer.status == 201)
        #expect(await sandbox.calls.isEmpty)
        _ = try await run(sandbox, try login())
        #expect(await sandbox.calls.map(\.n) == [3])
    }

    @Test func throttlingByDateCountsFromTheServersClock() async throws {
        let sandbox = await sandbox()
        try await sandbox.update { try $0.patch(["clock_skew": .number(-60)]) }
        _ = await sandbox.add(
            try FaultReader.fault(["kind": "status", "code": .number(429), "retry_after_date": .number(10)])
        )
        let reply = try await run(sandbox, try login(), now: 1_654_880_928)
        #expect(reply.answer.headers == [.init(name: "Retry-After", value: "Fri, 10 Jun 2022 17:07:58 GMT")])
    }
}
