import Testing

@testable import quartile_sandbox

@Suite struct AuthRequestTests {
    private func content(
        _ path: String,
        _ body: String,
        type: String? = "application/json"
    ) throws -> AuthRequest.Content {
        let endpoint = try #require(Endpoint.posts.first { $0.path == path })
        return AuthRequest.content(of: endpoint, body: Array(body.utf8), contentType: type)
    }

    @Test func readsEachVersionsBody() throws {
        let login = #"{"username":"ada@example.com","password":"p","more":1}"#
        let credentials = AuthRequest.Content.credentials(username: "ada@example.com", password: "p")
        #expect(try content("/auth/v2/login", login) == credentials)
        #expect(try content("/auth/v3/login", login, type: "Application/JSON; charset=utf-8") == credentials)
        #expect(try content("/auth/v3/refresh", #"{"token":"r"}"#) == .token("r"))
        #expect(try content("/auth/v1/refresh-token", #"{"refresh_token":"r"}"#) == .token("r"))
    }

    @Test func thereIsNoV1Login() {
        #expect(Endpoint.posts.contains { $0.version == .v1 && $0.call == .login } == false)
        #expect(Set(Endpoint.posts.map(\.path)).count == 8)
    }

    @Test(arguments: [
        (#"{"username":"a"}"#, [BodyDefect("field required", "value_error.missing", at: "password")]),
        (#"{"username":"a","password":3}"#, [BodyDefect("str type expected", "type_error.str", at: "password")]),
        (#"{"username":null,"password":"p"}"#, [BodyDefect("str type expected", "type_error.str", at: "username")]),
        ("[]", [BodyDefect("value is not a valid dict", "type_error.dict")]),
        ("{", [BodyDefect("invalid JSON", "value_error.jsondecode")]),
        ("", [BodyDefect("invalid JSON", "value_error.jsondecode")]),
    ])
    func namesTheDefects(body: String, defects: [BodyDefect]) throws {
        #expect(try content("/auth/v2/login", body) == .malformed(defects))
    }

    @Test(arguments: [nil, "text/plain", "application/x-www-form-urlencoded"])
    func wantsJSONSaidSo(type: String?) throws {
        #expect(
            try content("/auth/v2/refresh", #"{"token":"r"}"#, type: type)
                == .malformed([BodyDefect("value is not a valid dict", "type_error.dict")])
        )
    }

    @Test func v1DoesNotKnowTheFieldOfV2() throws {
        #expect(
            try content("/auth/v1/refresh-token", #"{"token":"r"}"#)
                == .malformed([BodyDefect("field required", "value_error.missing", at: "refresh_token")])
        )
    }

    @Test func aValidationMayCarryItsTokenInTheHeaderAlone() throws {
        #expect(try content("/auth/v2/validate", "") == .none)
        #expect(try content("/auth/v2/validate", "{}") == .none)
        #expect(try content("/auth/v2/validate", #"{"token":"a"}"#) == .token("a"))
    }

    @Test func jsonTextSurvivesTheRoundTrip() throws {
        let value: JSONValue = [
            "text": "a\"\\\n\u{1}ü", "numbers": .array([.number(1.5), .number(-3), .integer(0)]),
            "flags": .array([.bool(true), .null]), "empty": .array([]),
        ]
        let read = try JSONValue(parsing: value.serialized)
        for name in ["text", "numbers", "flags", "empty"] { #expect(read[name] == value[name]) }
    }
}
