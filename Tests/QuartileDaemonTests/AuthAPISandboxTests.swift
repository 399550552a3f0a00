import Foundation
import QuartileCore
import QuartileWire
import Testing

@testable import QuartileDaemon

/// The client against the built sandbox, which shares no code with it.
@Suite(.timeLimit(.minutes(2))) struct AuthAPISandboxTests {
    @Test(arguments: APIVersion.allCases) func `a login lives on through refreshes`(_ version: APIVersion) async throws
    {
        let sandbox = try RunningSandbox()
        defer { sandbox.stop() }
        let account = try sandbox.account(version)
        try await Fixture.withAPI(clock: SystemClock()) { api in
            var tokens = try await sandbox.firstSet(account, api)
            for _ in 0..<3 {
                #expect(await api.validate(account, accessToken: tokens.accessToken) == .success(true))
                #expect(tokens.life == .hours(12))
                let next = try #require(await api.refresh(account, refreshToken: tokens.refreshToken).tokens)
                #expect(next.refreshToken != tokens.refreshToken)
                #expect(next.refreshExpiresAt == next.issuedAt + .hours(14 * 24))
                tokens = next
            }
        }
    }

    @Test func `a spent refresh token, a wrong password and a wrong key are told apart`() async throws {
        let sandbox = try RunningSandbox()
        defer { sandbox.stop() }
        let account = try sandbox.account(.v2)
        var locked = account
        locked.subscriptionKey = Secret(Fixture.key)
        try await Fixture.withAPI(clock: SystemClock()) { api in
            let first = try await sandbox.firstSet(account, api)
            #expect(await api.refresh(account, refreshToken: first.refreshToken).kind == "received")
            #expect(await api.refresh(account, refreshToken: first.refreshToken).kind == "refused")
            #expect(await api.validate(account, accessToken: first.accessToken) == .success(false))
            let wrong = await api.login(account, username: sandbox.username, password: Secret("wrong"))
            #expect(wrong.kind == "password rejected")
            let keyless = await api.refresh(locked, refreshToken: first.refreshToken)
            #expect(keyless.kind == "turned away")
            #expect(keyless.failure?.remedy == "quartilectl update --account ada")
            let malformed = await api.login(account, username: "ada", password: Secret("x"))
            #expect(["refused", "password rejected"].contains(malformed.kind))
        }
    }

    static let faults = [
        (#""kind":"reset","when":"before""#, "ambiguous"), (#""kind":"reset","when":"after""#, "ambiguous"),
        (#""kind":"close","when":"before""#, "ambiguous"), (#""kind":"close","when":"after""#, "ambiguous"),
        (#""kind":"truncate""#, "ambiguous"), (#""kind":"html""#, "ambiguous"),
        (#""kind":"html","code":401"#, "ambiguous"),
        (#""kind":"status","code":503,"when":"after""#, "ambiguous"), (#""kind":"status","code":500"#, "ambiguous"),
        (#""kind":"status","code":429,"retry_after":7"#, "turned away"),
        (#""kind":"status","code":403"#, "turned away"),
        (#""kind":"status","code":401"#, "refused"), (#""kind":"status","code":404"#, "ambiguous"),
        (#""kind":"endless""#, "ambiguous"), (#""kind":"hang""#, "ambiguous"), (#""kind":"drip""#, "ambiguous"),
        (#""kind":"delay","seconds":0.2"#, "received"), (#""kind":"malformed","variant":"no_refresh""#, "ambiguous"),
        (#""kind":"malformed","variant":"no_access""#, "ambiguous"),
        (#""kind":"malformed","variant":"not_json""#, "ambiguous"),
        (#""kind":"malformed","variant":"empty""#, "ambiguous"),
        (#""kind":"malformed","variant":"array""#, "ambiguous"),
        (#""kind":"bad_lifetime""#, "ambiguous"), (#""kind":"bad_lifetime","part":"refresh","value":"x""#, "ambiguous"),
        (#""kind":"bad_token""#, "ambiguous"), (#""kind":"bad_token","part":"refresh","value":null"#, "ambiguous"),
        (#""kind":"string_numbers""#, "received"), (#""kind":"zoned""#, "received"),
        (#""kind":"unknown_fields""#, "received"),
        (#""kind":"missing_optional""#, "received"), (#""kind":"spelling""#, "received"),
        (#""kind":"redirect","location":"http://127.0.0.1:1/""#, "ambiguous"),
    ]

    @Test(arguments: faults) func `a fault is taken for what it is, and met once`(_ fault: String, _ kind: String)
        async throws
    {
        let sandbox = try RunningSandbox()
        defer { sandbox.stop() }
        let account = try sandbox.account(.v2)
        let first = try await Fixture.withAPI(clock: SystemClock()) { try await sandbox.firstSet(account, $0) }
        _ = try sandbox.control("POST", "/_sandbox/faults", "{\"call\":\"refresh\",\(fault)}")
        let outcome = try await Fixture.withAPI(AuthAPISettings(timeout: Milliseconds(1500)), clock: SystemClock()) {
            api in
            await api.refresh(account, refreshToken: first.refreshToken)
        }
        #expect(outcome.kind == kind, "\(outcome.failure?.message ?? "")")
        let calls = try sandbox.control("GET", "/_sandbox/calls?call=refresh", "")
        #expect(calls.object?["calls"]?.array?.count == 1)
    }
}

/// A sandbox of its own, until it is stopped.
private final class RunningSandbox {
    private let process = Process()
    private var said: [String: String] = [:]

    private struct NotReady: Error { var output: String }

    init() throws {
        // The test bundle lies beside the programs.
        let programs = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        process.executableURL = programs.appending(path: "quartile-sandbox")
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        var text = ""
        while !text.hasSuffix("ready\n") {
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { throw NotReady(output: text) }
            text += String(decoding: data, as: UTF8.self)
        }
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 1)
            said[String(words[0])] = words.count > 1 ? String(words[1]) : ""
        }
    }

    /// Has it end, which nobody needs to see. Of two that were started in the same moment, `Process` takes the first to have
    /// ended only when both have, and who waits for that keeps a thread from the tests that would stop the other.
    func stop() {
        process.terminate()
    }

    var username: String { said["username"] ?? "" }

    func account(_ version: APIVersion) throws -> Account {
        try Fixture.account(said["url"] ?? "", version, key: said["subscription-key"] ?? "")
    }

    /// The first set: by login, or as the developer portal gives it where the version has none.
    func firstSet(_ account: Account, _ api: QuartileAuthAPI) async throws -> TokenSet {
        guard account.apiVersion.hasLogin else {
            let set = try control("POST", "/_sandbox/issue", "{\"username\":\"\(username)\"}")
            return try api.readTokenSet(Secret(set.text), sent: nil, now: SystemClock().now()).get()
        }
        let password = Secret(said["password"] ?? "")
        return try #require(await api.login(account, username: username, password: password).tokens)
    }

    /// One call of the control endpoint, which speaks JSON.
    func control(_ method: String, _ path: String, _ body: String) throws -> JSON {
        let port = try #require(URL(string: said["url"] ?? "")?.port)
        let connection = RawConnection(RawClient.connect(port: port)) { _ in }
        defer { connection.finish() }
        let head =
            "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: \(body.utf8.count)"
        connection.write("\(head)\r\n\r\n\(body)")
        let answer = try #require(connection.readRequest())
        try #require(answer.line.hasPrefix("HTTP/1.1 2"), "\(answer.line) \(answer.body)")
        return try JSON.parse(Array(answer.body.utf8))
    }
}
