import QuartileCore
import Testing

@testable import QuartileDaemon

/// What the API gets to see of each call.
@Suite struct AuthAPIWireTests {
    struct Call: Sendable, CustomTestStringConvertible {
        var version: APIVersion
        var name: String
        var line: String
        var keyHeader: String
        var body: String
        var bearer: String?
        var testDescription: String { "\(version.rawValue) \(name)" }
    }

    static let calls: [Call] =
        [
            Call(
                version: .v1,
                name: "refresh",
                line: "POST /auth/v1/refresh-token HTTP/1.1",
                keyHeader: "Ocp-Apim-Subscription-Key",
                body: #"{"refresh_token":"refresh-1"}"#
            ),
            Call(
                version: .v1,
                name: "validate",
                line: "POST /auth/v1/validate-token HTTP/1.1",
                keyHeader: "Ocp-Apim-Subscription-Key",
                body: #"{"token":"access-1"}"#,
                bearer: "Bearer access-1"
            ),
        ]
        + [APIVersion.v2, .v3].flatMap { version in
            [
                Call(
                    version: version,
                    name: "login",
                    line: "POST /auth/\(version.rawValue)/login HTTP/1.1",
                    keyHeader: "Subscription-Key",
                    body: #"{"username":"ada@example.com","password":"correct horse 🐎 \"battery\""}"#
                ),
                Call(
                    version: version,
                    name: "refresh",
                    line: "POST /auth/\(version.rawValue)/refresh HTTP/1.1",
                    keyHeader: "Subscription-Key",
                    body: #"{"token":"refresh-1"}"#
                ),
                Call(
                    version: version,
                    name: "validate",
                    line: "POST /auth/\(version.rawValue)/validate HTTP/1.1",
                    keyHeader: "Subscription-Key",
                    body: #"{"token":"access-1"}"#,
                    bearer: "Bearer access-1"
                ),
            ]
        }

    @Test(arguments: calls) func `a call is sent once, as the API documents it`(_ call: Call) async throws {
        let server = try RawServer.answering(Fixture.http("201 Created", Fixture.tokenSet))
        defer { server.stop() }
        let account = try Fixture.account(server.url, call.version)
        try await Fixture.withAPI { api in
            switch call.name {
            case "login":
                let outcome = await api.login(account, username: "ada@example.com", password: Secret(Fixture.password))
                #expect(outcome.tokens?.accessToken == Secret("access-1"))
            case "refresh":
                let outcome = await api.refresh(account, refreshToken: Secret("refresh-1"))
                #expect(outcome.tokens?.refreshToken == Secret("refresh-2"))
                #expect(outcome.sent == Fixture.now)
            default:
                #expect(await api.validate(account, accessToken: Secret("access-1")) == .success(true))
            }
        }
        let request = try #require(server.requests.first)
        #expect(server.requests.count == 1)
        #expect(server.connections == 1)
        #expect(request.line == call.line)
        #expect(request.body == call.body)
        #expect(request.values(call.keyHeader) == [Fixture.key])
        #expect(request.values("Authorization") == [call.bearer].compactMap { $0 })
        #expect(request.values("Content-Type") == ["application/json"])
        #expect(request.values("Host") == ["127.0.0.1:\(server.port)"])
        #expect(request.values("Connection") == ["close"])
        #expect(request.values("Accept-Encoding") == [])
        #expect(request.values("Transfer-Encoding") == [])
        let names = Set(request.headers.map { $0.name.lowercased() })
        let keys: Set = ["subscription-key", "ocp-apim-subscription-key"]
        #expect(names.intersection(keys) == [call.keyHeader.lowercased()])
    }

    @Test func `v1 has no login and sends none`() async throws {
        let server = try RawServer.answering(Fixture.http("201 Created", Fixture.tokenSet))
        defer { server.stop() }
        let account = try Fixture.account(server.url, .v1)
        let outcome = try await Fixture.withAPI { api in
            await api.login(account, username: "ada@example.com", password: Secret("x"))
        }
        #expect(outcome.kind == "not sent")
        #expect(outcome.failure?.remedy == "quartilectl import --account ada")
        #expect(server.connections == 0)
    }

    @Test func `each exchange has a connection of its own, so that none is found dead`() async throws {
        let server = try RawServer.answering(Fixture.http("201 Created", Fixture.tokenSet, "Connection: keep-alive"))
        defer { server.stop() }
        let account = try Fixture.account(server.url)
        try await Fixture.withAPI { api in
            for _ in 0..<5 {
                #expect(await api.refresh(account, refreshToken: Secret("refresh-1")).kind == "received")
            }
        }
        #expect(server.requests.count == 5)
        #expect(server.connections == 5)
    }

    @Test func `many accounts at once are all served, each once`() async throws {
        let server = try RawServer.answering(Fixture.http("201 Created", Fixture.tokenSet))
        defer { server.stop() }
        let account = try Fixture.account(server.url)
        try await Fixture.withAPI { api in
            let kinds = await withTaskGroup(of: String.self) { group in
                for number in 0..<200 {
                    group.addTask { await api.refresh(account, refreshToken: Secret("refresh-\(number)")).kind }
                }
                return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
            }
            #expect(kinds == ["received": 200])
        }
        #expect(Set(server.requests.map(\.body)).count == 200)
        #expect(server.requests.count == 200)
    }

    @Test(arguments: ["a\r\nX: y", "a\nb", "a b", "", "caf\u{e9}", "a\u{0}b", "a\u{7f}"])
    func `what could break out of a header is never sent`(_ text: String) async throws {
        let server = try RawServer.answering(Fixture.http("201 Created", Fixture.tokenSet))
        defer { server.stop() }
        let sound = try Fixture.account(server.url)
        let unsound = try Fixture.account(server.url, key: text)
        try await Fixture.withAPI { api in
            let outcomes = [
                await api.refresh(sound, refreshToken: Secret(text)),
                await api.refresh(unsound, refreshToken: Secret("refresh-1")),
                await api.login(unsound, username: "ada@example.com", password: Secret("x")),
            ]
            for outcome in outcomes {
                #expect(outcome.kind == "not sent")
                #expect(outcome.failure?.code == .upstreamRejected)
                #expect(outcome.failure?.message.contains("nothing was sent") == true)
            }
            guard case .failure = await api.validate(sound, accessToken: Secret(text)) else {
                Issue.record("validate took the token")
                return
            }
        }
        #expect(server.connections == 0)
    }

    @Test func `a base URL that would send secrets in the clear is not used`() async throws {
        let account = try Fixture.account("http://api.example.com")
        let outcome = try await Fixture.withAPI { await $0.refresh(account, refreshToken: Secret("refresh-1")) }
        #expect(outcome.kind == "not sent")
        #expect(outcome.failure?.message.contains("in the clear") == true)
    }

    @Test func `the port and IPv6 loopback are reached as written`() async throws {
        let server = try RawServer.answering(Fixture.http("200 OK", "{}"))
        defer { server.stop() }
        for host in ["localhost", "127.0.0.1"] {
            let account = try Fixture.account("http://\(host):\(server.port)")
            let answer = try await Fixture.withAPI { await $0.validate(account, accessToken: Secret("access-1")) }
            #expect(answer == .success(true))
        }
        #expect(
            server.requests.map { $0.values("Host") } == [["localhost:\(server.port)"], ["127.0.0.1:\(server.port)"]]
        )
    }
}
