import QuartileCore
import Testing

@testable import QuartileDaemon

/// From when to when a token lives: in seconds after the moment that the request was sent, or the import was made.
@Suite struct TokenAnswerLifeTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// The JWT's times, relative to now; nil where it states none.
        var iat: Int64?
        var exp: Int64?
        var expiresIn: Int64?
        /// A zoned `expires_at`, relative to now.
        var expiresAt: Int64?
        var begin: Int64
        var end: Int64

        init(
            _ name: String,
            iat: Int64? = nil,
            exp: Int64? = nil,
            in span: Int64? = nil,
            at: Int64? = nil,
            _ begin: Int64,
            _ end: Int64
        ) {
            testDescription = name
            self.iat = iat
            self.exp = exp
            expiresIn = span
            expiresAt = at
            self.begin = begin
            self.end = end
        }
    }

    private static let now = Fixture.now.wall.seconds
    private static let hour: Int64 = 3600
    private static let decade: Int64 = 3653 * 24 * 3600

    private func check(_ it: Case, sent: Moment?) throws {
        let token = Fixture.jwt(iat: it.iat.map { $0 + Self.now }, exp: it.exp.map { $0 + Self.now })
        let stated = TokenAnswer.StatedLife(
            span: it.expiresIn.map(Milliseconds.seconds),
            end: it.expiresAt.map { UnixTime(seconds: $0 + Self.now) }
        )
        let jwt = JWTTimes(Secret(token))
        let life =
            sent.map { TokenLife.answered(stated, jwt, sent: $0.wall) }
            ?? TokenLife.imported(stated, jwt, now: Fixture.now.wall)
        #expect(life.begin.seconds - Self.now == it.begin)
        #expect(life.end.seconds - Self.now == it.end)
        #expect(life.begin < life.end)
    }

    static let answered = [
        Case("the answer and the JWT agree", iat: 0, exp: 12 * hour, in: 12 * hour, 0, 12 * hour),
        Case("the JWT is shorter", iat: 0, exp: 6 * hour, in: 12 * hour, 0, 6 * hour),
        Case("the answer is shorter", iat: 0, exp: 12 * hour, in: 6 * hour, 0, 6 * hour),
        Case("the JWT alone", iat: 0, exp: 6 * hour, 0, 6 * hour),
        Case("the answer alone", in: 6 * hour, 0, 6 * hour),
        Case("the API's clock is ten minutes ahead", iat: 600, exp: 12 * hour + 600, in: 12 * hour, 0, 12 * hour),
        Case("the API's clock is ten minutes behind", iat: -600, exp: 12 * hour - 600, in: 12 * hour, 0, 12 * hour),
        Case("our clock is ten years behind", iat: decade, exp: decade + hour, 0, hour),
        Case("our clock is ten years ahead", iat: -decade, exp: -decade + hour, 0, hour),
        Case("exp without iat", exp: 6 * hour, 0, 6 * hour),
        Case("exp without iat, longer than the answer", exp: 12 * hour, in: 6 * hour, 0, 6 * hour),
        Case("exp without iat, past", exp: -hour, in: 6 * hour, 0, 6 * hour),
        Case("exp without iat, past, and nothing else", exp: -hour, 0, 600),
        Case("iat without exp", iat: 0, in: hour, 0, hour),
        Case("iat without exp, and nothing else", iat: -5 * hour, 0, 600),
        Case("exp before iat", iat: hour, exp: 0, in: 2 * hour, 0, 2 * hour),
        Case("exp twenty years after iat", iat: 0, exp: 2 * decade, in: 2 * hour, 0, 2 * hour),
        Case("a zoned time alone", at: 3 * hour, 0, 3 * hour),
        Case("a zoned time beside a lifetime is not looked at", in: 6 * hour, at: 3 * hour, 0, 6 * hour),
        Case("a zoned time beside the JWT is not looked at", iat: 0, exp: 6 * hour, at: 3 * hour, 0, 6 * hour),
        Case("a zoned time that is past", at: -hour, 0, 600),
        Case("nothing at all", 0, 600),
    ]

    @Test(arguments: answered) func `the life of a token that was answered`(_ it: Case) throws {
        try check(it, sent: Fixture.now)
    }

    static let imported = [
        Case("made an hour ago", iat: -hour, exp: 11 * hour, in: 12 * hour, -hour, 11 * hour),
        Case("made an hour ago, no lifetime beside the JWT", iat: -hour, exp: 11 * hour, -hour, 11 * hour),
        Case("made an hour ago, with a shorter lifetime", iat: -hour, exp: 11 * hour, in: 6 * hour, -hour, 5 * hour),
        Case("made an hour ago, without exp", iat: -hour, in: 12 * hour, -hour, 11 * hour),
        Case("made two days ago", iat: -48 * hour, exp: -36 * hour, in: 12 * hour, -48 * hour, -36 * hour),
        Case("made ten minutes from now", iat: 600, exp: 12 * hour + 600, in: 12 * hour, 0, 12 * hour),
        Case("made far in the future", iat: 5 * decade, exp: 5 * decade + hour, 0, hour),
        Case("iat alone", iat: -hour, -hour, 600 - hour),
        Case("iat and a zoned time", iat: -hour, at: 2 * hour, -hour, 2 * hour),
        Case("exp before iat, and a lifetime", iat: -hour, exp: -2 * hour, in: 12 * hour, -hour, 11 * hour),
        Case("exp alone", exp: 3 * hour, 0, 3 * hour),
        Case("exp alone, past", exp: -3 * hour, -3 * hour - 600, -3 * hour),
        Case("exp and a lifetime", exp: 3 * hour, in: 12 * hour, -9 * hour, 3 * hour),
        Case("exp far off and a lifetime", exp: decade, in: 12 * hour, 0, 12 * hour),
        Case("exp further off than any life", exp: 2 * decade, 0, 600),
        Case("a lifetime alone", in: 12 * hour, 0, 12 * hour),
        Case("a lifetime and a zoned time", in: 12 * hour, at: 3 * hour, 0, 12 * hour),
        Case("a zoned time alone", at: 3 * hour, 0, 3 * hour),
        Case("a zoned time alone, past", at: -3 * hour, -3 * hour - 600, -3 * hour),
        Case("nothing at all", 0, 600),
    ]

    @Test(arguments: imported) func `the life of a token that was imported`(_ it: Case) throws {
        try check(it, sent: nil)
    }

    @Test func `the refresh token lives from the same moment on`() async throws {
        let text = { (fields: String) in
            Secret(#"{"authorization":{"token":"a","expires_in":60},"refresh":{"token":"r"\#(fields)}}"#)
        }
        try await Fixture.withAPI { api in
            let sent = Fixture.now + .seconds(-10)
            let stated = try api.readTokenSet(text(#","expires_in":100"#), sent: sent, now: Fixture.now).get()
            #expect(stated.issuedAt == sent.wall)
            #expect(stated.refreshExpiresAt == sent.wall + .seconds(100))
            let zoned = text(#","expires_at":"2026-09-21T00:00:00Z""#)
            #expect(
                try api.readTokenSet(zoned, sent: nil, now: Fixture.now).get().refreshExpiresAt
                    == UnixTime(seconds: 1_789_948_800)
            )
            let naive = text(#","expires_at":"2026-09-21T00:00:00""#)
            #expect(try api.readTokenSet(naive, sent: nil, now: Fixture.now).get().refreshExpiresAt == nil)
        }
    }

    @Test func `what is no token set fails with a sentence`() async throws {
        try await Fixture.withAPI { api in
            let result = api.readTokenSet(Secret(#"{"refresh":{}}"#), sent: nil, now: Fixture.now)
            let failure = Failure(.upstreamRejected, "this is not a token set: authorization.token is missing")
            #expect(result == .failure(failure))
        }
    }

    @Test(arguments: [
        "", ".", "..", "...", "a.b.c", "a.!!.c", "opaque", "eyJ.e30.x", "a.bnVsbA.b", "a.W10.b", "a.e30", "=.=.=",
        "a.\(Fixture.base64URL("{\"iat\":\"x\",\"exp\":[]}")).b", "a.\(Fixture.base64URL("{\"iat\":1e400}")).b",
        "a.\(Fixture.base64URL("{\"iat\":-5,\"exp\":99999999999999999999}")).b",
        "a.\(Fixture.base64URL("{\"iat\":1790000000000}")).b",
    ])
    func `a token that is no JWT, or states what can't be, states no times`(_ token: String) {
        let times = JWTTimes(Secret(token))
        #expect(times.issuedAt == nil)
        #expect(times.expiresAt == nil)
    }

    @Test(arguments: [
        "a.eyJpYXQiOjE3OTAwMDAwMDAsImV4cCI6IjE3OTAwMDAwNjAuNSJ9.b",
        "a.eyJpYXQiOjE3OTAwMDAwMDAsImV4cCI6IjE3OTAwMDAwNjAuNSJ9==",
    ])
    func `a JWT's times are read with or without padding, as numbers or strings`(_ token: String) {
        let times = JWTTimes(Secret(token))
        #expect(times.issuedAt == UnixTime(seconds: 1_790_000_000))
        #expect(times.expiresAt == UnixTime(milliseconds: 1_790_000_060_500))
    }
}
