import Foundation
import Testing

@testable import quartile_sandbox

@Suite struct TokenAuthorityTests {
    private func authority() -> TokenAuthority {
        var authority = TokenAuthority(settings: SandboxSettings(subscriptionKey: TokenMint.subscriptionKey()))
        authority.put(User(username: "ada@example.com", password: "correct-horse-ada"))
        return authority
    }

    private func claims(_ token: String) throws -> JSONValue {
        var part = try #require(token.split(separator: ".").dropFirst().first).replacing("-", with: "+")
            .replacing("_", with: "/")
        while part.count % 4 != 0 { part += "=" }
        return try JSONValue(parsing: try #require(Data(base64Encoded: String(part))))
    }

    @Test func anAccessTokenTellsItsLifeInItsClaims() throws {
        var authority = authority()
        authority.settings.accessLifetime = 8
        let grant = try authority.startFamily(for: "ada@example.com", now: 1000.7, isLogin: true)
        let claims = try claims(grant.accessToken)
        #expect(claims["iat"] == .number(1000))
        #expect(claims["exp"] == .number(1008))
        #expect(claims["sub"] == "ada@example.com")
        #expect(claims["jti"]?.text?.isEmpty == false)
    }

    @Test func clockSkewMovesWhatIsToldAndNotWhatIsTrue() throws {
        var authority = authority()
        authority.settings.accessLifetime = 8
        authority.settings.clockSkew = -600
        let grant = try authority.startFamily(for: "ada@example.com", now: 1000, isLogin: true)
        #expect(try claims(grant.accessToken)["exp"] == .number(408))
        #expect(grant.stampedAt == 400)
        let token = TokenFingerprint(of: grant.accessToken)
        #expect(authority.accepts(accessToken: token, now: 1007))
        #expect(!authority.accepts(accessToken: token, now: 1008))
    }

    @Test func noTwoTokensAreAlike() throws {
        var authority = authority()
        let grants = try (0..<50).map { _ in
            try authority.startFamily(for: "ada@example.com", now: 1000, isLogin: true)
        }
        #expect(Set(grants.map(\.accessToken)).count == 50)
        #expect(Set(grants.map(\.refreshToken)).count == 50)
    }

    @Test func aLoginLeavesOtherFamiliesAliveUnlessToldOtherwise() throws {
        var authority = authority()
        let first = try authority.startFamily(for: "ada@example.com", now: 1000, isLogin: true)
        _ = try authority.startFamily(for: "ada@example.com", now: 1001, isLogin: true)
        #expect(authority.family(first.family).revocation == nil)
        authority.settings.loginRevokes = true
        _ = try authority.startFamily(for: "ada@example.com", now: 1002, isLogin: false)
        #expect(authority.family(first.family).revocation == nil)
        _ = try authority.startFamily(for: "ada@example.com", now: 1003, isLogin: true)
        #expect(authority.families.map(\.revocation) == [.login, .login, .login, nil])
    }

    @Test func aPatchChangesAllOrNothing() throws {
        var authority = authority()
        let before = authority.settings
        #expect(throws: ControlError("moode is not known here")) {
            try authority.patch(["mode": "lenient", "moode": "grace"])
        }
        #expect(throws: ControlError("there is no user bob@example.com")) {
            try authority.patch(["mode": "lenient", "users": ["bob@example.com": ["password": "x"]]])
        }
        #expect(authority.settings == before)
        try authority.patch([
            "mode": "lenient", "access_lifetime": "2h", "clock_skew": .number(-600),
            "rotate_subscription_key": .bool(true),
            "users": ["ada@example.com": ["password": "another-horse", "key_state": "pending"]],
        ])
        #expect(authority.settings.mode == .lenient)
        #expect(authority.settings.accessLifetime == 7200)
        #expect(authority.settings.clockSkew == -600)
        #expect(authority.settings.subscriptionKey != before.subscriptionKey)
        #expect(authority.settings.subscriptionKey.count == 32)
        #expect(authority.users["ada@example.com"]?.password == "another-horse")
        #expect(authority.users["ada@example.com"]?.keyState == .pending)
    }
}

@Suite struct TokenSetBodyTests {
    private let grant = TokenAuthority.Grant(
        family: 1,
        generation: 1,
        accessToken: "a.b.c",
        refreshToken: "r",
        accessLifetime: 43200,
        refreshLifetime: 1_209_600,
        stampedAt: 1_654_880_928.5
    )

    private func text(_ change: (inout AnswerShape) -> Void) -> String {
        var shape = AnswerShape()
        change(&shape)
        return String(decoding: TokenSetBody.json(grant, shape: shape).serialized, as: UTF8.self)
    }

    @Test func writesBothSpellings() {
        #expect(
            text { _ in } == """
                {"authorization":{"token":"a.b.c","type":"Bearer","expires_in":43200,"expires_at":"2022-06-11T05:08:48",\
                "not_before":1654880928,"note":"Lifetimes can change at any time."},"refresh":{"token":"r",\
                "expires_in":1209600,"expires_at":"2022-06-24T17:08:48","note":"Lifetimes can change at any time."}}
                """
        )
        #expect(
            text { $0.spelling = .camel } == """
                {"authorization":{"token":"a.b.c","type":"Bearer","expiresIn":43200,"expiresAt":"2022-06-11T05:08:48",\
                "notBefore":1654880928,"note":"Lifetimes can change at any time."},"refresh":{"token":"r",\
                "expiresIn":1209600,"expiresAt":"2022-06-24T17:08:48","note":"Lifetimes can change at any time."}}
                """
        )
    }

    @Test func omitsWhatIsOptional() {
        #expect(
            text { $0.omitsOptional = true }
                == #"{"authorization":{"token":"a.b.c","expires_in":43200,"note":null},"refresh":{"token":"r","note":null}}"#
        )
    }

    @Test func substitutesTokensAndLifetimes() {
        let damaged = text {
            $0.omitsOptional = true
            $0.apply(.token(.init(part: .refresh, value: nil)))
            $0.apply(.lifetime(.init(part: .authorization, value: "soon")))
        }
        #expect(
            damaged == #"{"authorization":{"token":"a.b.c","expires_in":"soon","note":null},"refresh":{"note":null}}"#
        )
    }

    @Test func writesNumbersAsStrings() {
        let set = text { $0.numbersAsStrings = true }
        #expect(set.contains(#""expires_in":"43200""#))
        #expect(set.contains(#""not_before":"1654880928""#))
    }
}
