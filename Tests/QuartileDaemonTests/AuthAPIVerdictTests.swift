import QuartileCore
import Testing

@testable import QuartileDaemon

/// Which answers mean what, for each of the calls.
@Suite struct AuthAPIVerdictTests {
    struct Answer: Sendable, CustomTestStringConvertible {
        var status: String
        var body: String
        var headers: [String] = []
        /// What it means for a refresh, and for a login.
        var refresh: String
        var login: String
        var code: Failure.Code
        var retryAfter: Int64?
        var remedy: String?
        /// Part of the sentence.
        var says: String
        var testDescription: String { "\(status) \(body.prefix(60))" }
    }

    private static let badKey =
        "Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription."
    private static let noKey =
        "Access denied due to missing subscription key. Make sure to include subscription key when making requests to an API."
    private static func own(_ status: Int, _ message: String) -> String {
        #"{"message": "\#(message)", "statusCode": \#(status)}"#
    }
    private static let detail =
        #"{"detail": [{"loc": ["body", "username"], "msg": "field required", "type": "value_error.missing"}]}"#
    private static let update = "quartilectl update --account ada"

    private static func refused(_ status: String, _ body: String, login: String, says: String) -> Answer {
        Answer(status: status, body: body, refresh: "refused", login: login, code: .upstreamRejected, says: says)
    }
    private static func ambiguous(
        _ status: String,
        _ body: String,
        _ headers: [String] = [],
        retryAfter: Int64? = nil,
        says: String
    ) -> Answer {
        Answer(
            status: status,
            body: body,
            headers: headers,
            refresh: "ambiguous",
            login: "ambiguous",
            code: .upstreamUnavailable,
            retryAfter: retryAfter,
            says: says
        )
    }
    private static func turnedAway(
        _ status: String,
        _ body: String,
        _ headers: [String] = [],
        _ code: Failure.Code = .upstreamUnavailable,
        retryAfter: Int64? = nil,
        remedy: String? = nil,
        says: String
    ) -> Answer {
        Answer(
            status: status,
            body: body,
            headers: headers,
            refresh: "turned away",
            login: "turned away",
            code: code,
            retryAfter: retryAfter,
            remedy: remedy,
            says: says
        )
    }

    static let answers: [Answer] = [
        refused("401 Unauthorized", own(401, "Invalid token."), login: "password rejected", says: "\"Invalid token.\""),
        refused(
            "401 Unauthorized",
            #"{"statusCode": "401", "message": "no"}"#,
            login: "password rejected",
            says: "\"no\""
        ),
        refused("401 Unauthorized", detail, login: "password rejected", says: "\"username: field required\""),
        refused("400 Bad Request", own(400, "Bad."), login: "refused", says: "(400): \"Bad.\""),
        refused("422 Unprocessable", detail, login: "refused", says: "(422): \"username: field required\""),
        refused("422 Unprocessable", own(422, "x"), login: "refused", says: "(422): \"x\""),

        turnedAway(
            "401 Unauthorized",
            own(401, badKey),
            [],
            .upstreamRejected,
            remedy: update,
            says: "subscription key (401): \"Access denied"
        ),
        turnedAway(
            "401 Unauthorized",
            own(401, noKey),
            [],
            .upstreamRejected,
            remedy: update,
            says: "subscription key (401): \"Access denied"
        ),
        turnedAway(
            "401 Unauthorized",
            own(401, "bad SUBSCRIPTION-KEY"),
            [],
            .upstreamRejected,
            remedy: update,
            says: "SUBSCRIPTION-KEY"
        ),
        turnedAway(
            "401 Unauthorized",
            own(401, "Ocp-Apim-Subscription-Key?"),
            [],
            .upstreamRejected,
            remedy: update,
            says: "subscription key"
        ),
        turnedAway(
            "403 Forbidden",
            own(403, "Out of call volume quota. Quota will be replenished in 00:00:07."),
            retryAfter: 7,
            says: "quota"
        ),
        turnedAway(
            "403 Forbidden",
            own(403, "Out of call volume quota."),
            ["Retry-After: 9"],
            retryAfter: 9,
            says: "quota"
        ),
        turnedAway(
            "403 Forbidden",
            own(403, "Not active."),
            [],
            .upstreamRejected,
            remedy: update,
            says: "(403): \"Not active.\""
        ),
        turnedAway("403 Forbidden", "<html>blocked</html>", says: "(403), but not in the API's own form"),
        turnedAway(
            "429 Too Many",
            own(429, "Rate limit is exceeded. Try again in 7 seconds."),
            retryAfter: 7,
            says: "slow down (429)"
        ),
        turnedAway(
            "429 Too Many",
            own(429, "Rate limit is exceeded."),
            ["Retry-After: 5"],
            retryAfter: 5,
            says: "slow down"
        ),
        turnedAway("429 Too Many", "<html></html>", ["Retry-After: 99999"], retryAfter: 3600, says: "slow down"),
        turnedAway("429 Too Many", "", says: "slow down"),

        ambiguous("401 Unauthorized", "<html>401</html>", says: "401, but not in the API's own form"),
        ambiguous("401 Unauthorized", "", says: "401, but not in the API's own form"),
        ambiguous("401 Unauthorized", #"{"message": "no"}"#, says: "not in the API's own form"),
        ambiguous("401 Unauthorized", #"{"message": "no", "statusCode": 500}"#, says: "not in the API's own form"),
        ambiguous("401 Unauthorized", #"{"message": 5, "statusCode": 401}"#, says: "not in the API's own form"),
        ambiguous("400 Bad Request", #"{"error": "invalid_grant"}"#, says: "not in the API's own form"),
        ambiguous("422 Unprocessable", #"{"detail": []}"#, says: "not in the API's own form"),
        ambiguous("422 Unprocessable", #"{"detail": "no"}"#, says: "not in the API's own form"),
        ambiguous("422 Unprocessable", #"{"detail": ["no"]}"#, says: "not in the API's own form"),
        ambiguous("404 Not Found", own(404, "Resource not found"), says: "answered 404"),
        ambiguous("302 Found", "", ["Location: http://127.0.0.1:1/"], says: "a redirect, which is never followed"),
        ambiguous("304 Not Modified", "", says: "answered 304"),
        ambiguous("408 Timeout", "", says: "answered 408"),
        ambiguous("409 Conflict", own(409, "x"), says: "answered 409"),
        ambiguous("500 Oops", own(500, "Internal server error"), says: "answered 500"),
        ambiguous("502 Bad Gateway", "<html>502</html>", says: "answered 502"),
        ambiguous("503 Unavailable", "", ["Retry-After: 11"], retryAfter: 11, says: "answered 503"),
        ambiguous("200 OK", "", says: "answered 200 with what is not a token set"),
        ambiguous("201 Created", "<html></html>", says: "answered 201 with what is not a token set"),
        ambiguous("201 Created", #"{"authorization": {"token": "a"}}"#, says: "refresh.token is missing"),
        ambiguous("204 No Content", "", says: "answered 204"),
    ]

    @Test(arguments: answers) func `an answer means what it should`(_ answer: Answer) async throws {
        var fields = answer.headers.map { $0 + "\r\n" }.joined()
        if !answer.status.hasPrefix("204") && !answer.status.hasPrefix("304") {
            fields += "Content-Length: \(answer.body.utf8.count)\r\n"
        }
        let server = try RawServer.answering("HTTP/1.1 \(answer.status)\r\n\(fields)\r\n\(answer.body)")
        defer { server.stop() }
        let account = try Fixture.account(server.url)
        let (refresh, login) = try await Fixture.withAPI { api in
            (
                await api.refresh(account, refreshToken: Secret("refresh-1")),
                await api.login(account, username: "ada@example.com", password: Secret("x"))
            )
        }
        #expect(refresh.kind == answer.refresh)
        #expect(login.kind == answer.login)
        for outcome in [refresh, login] {
            let failure = try #require(outcome.failure)
            #expect(failure.code == answer.code)
            #expect(failure.retryAfter == answer.retryAfter.map(Milliseconds.seconds))
            #expect(failure.remedy == answer.remedy)
            #expect(failure.message.contains(answer.says), "\(failure.message)")
            #expect(outcome.unread == (answer.status.hasPrefix("2") ? answer.body : nil))
        }
        #expect(server.requests.count == 2)
    }

    @Test(arguments: [200, 201, 204, 299]) func `every 2xx validates`(_ status: Int) async throws {
        let server = try RawServer.answering("HTTP/1.1 \(status) X\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        defer { server.stop() }
        let account = try Fixture.account(server.url)
        let answer = try await Fixture.withAPI { await $0.validate(account, accessToken: Secret("access-1")) }
        #expect(answer == .success(true))
    }

    @Test(arguments: [
        ("401 X", own(401, "Token is expired."), "invalid"), ("401 X", own(401, badKey), "upstream_rejected"),
        ("401 X", "<html></html>", "upstream_unavailable"), ("422 X", detail, "upstream_rejected"),
        ("403 X", own(403, "quota"), "upstream_unavailable"), ("429 X", "", "upstream_unavailable"),
        ("500 X", "", "upstream_unavailable"), ("404 X", "", "upstream_unavailable"),
    ])
    func `only a 401 in the API's own words makes a token invalid`(_ status: String, _ body: String, _ means: String)
        async throws
    {
        let server = try RawServer.answering(Fixture.http(status, body))
        defer { server.stop() }
        let account = try Fixture.account(server.url)
        let answer = try await Fixture.withAPI { await $0.validate(account, accessToken: Secret("access-1")) }
        switch answer {
        case .success(let valid): #expect(!valid && means == "invalid")
        case .failure(let failure): #expect(failure.code.rawValue == means)
        }
    }

    @Test func `a token that the API repeats in its refusal is not shown`() async throws {
        let token = String(repeating: "Ab1-", count: 8)
        let server = try RawServer.answering(
            Fixture.http("401 X", Self.own(401, "Token \(token) is dead, \\u001b[31mred"))
        )
        defer { server.stop() }
        let account = try Fixture.account(server.url)
        let outcome = try await Fixture.withAPI { await $0.refresh(account, refreshToken: Secret(token)) }
        #expect(
            outcome.failure?.message == "the API refused the refresh token (401): \"Token <redacted> is dead, [31mred\""
        )
    }
}
