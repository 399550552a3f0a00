import QuartileCore
import Testing

@testable import QuartileDaemon

/// Which bodies are token sets, and what is taken from them.
@Suite struct TokenAnswerTests {
    private func read(_ text: String) -> Result<TokenAnswer, TokenAnswerProblem> {
        Result { () throws(TokenAnswerProblem) in try TokenAnswer(Secret(text)) }
    }

    private func answer(_ text: String) throws -> TokenAnswer { try read(text).get() }

    /// A set with these fields in its halves.
    private static func set(_ access: String = "", _ refresh: String = "") -> String {
        #"{"authorization":{"token":"a-1"\#(access)},"refresh":{"token":"r-1"\#(refresh)}}"#
    }

    static let documented = [
        #"""
        {"authorization": {"token": "a-1", "type": "Bearer", "expires_in": 43200, "expires_at": "2022-06-10T17:08:48",
                           "not_before": 1627058225, "note": "..."},
         "refresh": {"token": "r-1", "expires_in": 1209600, "expires_at": "2022-06-24T17:08:48", "note": "..."}}
        """#,
        #"""
        {"authorization": {"token": "a-1", "type": "Bearer", "expiresIn": 43200, "expiresAt": "2022-06-10T17:08:48",
                           "notBefore": 1627058225, "note": "..."},
         "refresh": {"token": "r-1", "expiresIn": 1209600, "expiresAt": "2022-06-24T17:08:48", "note": "..."}}
        """#,
    ]

    @Test(arguments: documented) func `both documented spellings are read`(_ text: String) throws {
        let answer = try answer(text)
        #expect(answer.accessToken == Secret("a-1"))
        #expect(answer.refreshToken == Secret("r-1"))
        #expect(answer.tokenType == "Bearer")
        #expect(answer.accessLife == .init(span: .hours(12), end: nil))
        #expect(answer.refreshLife == .init(span: .hours(14 * 24), end: nil))
    }

    @Test(
        arguments: [
            ("", nil), (#","expires_in":null"#, nil), (#","expires_in":43200"#, 43_200_000),
            (#","expires_in":"43200""#, 43_200_000), (#","expiresIn":" 43200 ""#, 43_200_000),
            (#","expires_in":4.32e4"#, 43_200_000), (#","expires_in":"1.5""#, 1500), (#","expires_in":0.0001"#, 1),
            (#","expires_in":null,"expiresIn":60"#, 60_000), (#","expires_in":60,"expiresIn":"30""#, 30_000),
            (#","expires_in":315360000"#, 315_360_000_000), (#","expires_in":1,"expires_in":2"#, 2000),
        ] as [(String, Int64?)]
    )
    func `a lifetime is a number or a string that is one`(_ fields: String, _ milliseconds: Int64?) throws {
        let span = milliseconds.map { Milliseconds($0) }
        #expect(try answer(Self.set(fields)).accessLife.span == span)
        #expect(try answer(Self.set("", fields)).refreshLife.span == span)
    }

    @Test(arguments: [
        "0", "-1", "\"\"", "\"0\"", "\"-43200\"", "\"soon\"", "\"0x10\"", "\"inf\"", "\"nan\"", "\"+5\"", "true", "[]",
        "{}", "[43200]", "\"43200s\"", "\"1,5\"", "1e999", "\"1e999\"", "400000000", "\"1 2\"",
    ])
    func `a lifetime that is none makes the whole set unreadable`(_ value: String) {
        for spelling in ["expires_in", "expiresIn"] {
            for text in [Self.set(",\"\(spelling)\":\(value)"), Self.set("", ",\"\(spelling)\":\(value)")] {
                guard case .failure(let problem) = read(text) else {
                    Issue.record("read \(text)")
                    continue
                }
                #expect(problem.clause.hasSuffix("expires_in is not a number of seconds up to ten years"))
            }
        }
    }

    @Test(arguments: [
        "null", "1", "\"\"", "true", "[\"a\"]", "{}", "\"a b\"", "\"a\\n\"", "\"\\u0000\"", "\"caf\u{e9}\"", "\" a\"",
    ])
    func `a token that is none makes the whole set unreadable`(_ value: String) {
        let texts = [
            #"{"authorization":{"token":\#(value)},"refresh":{"token":"r-1"}}"#,
            #"{"authorization":{"token":"a-1"},"refresh":{"token":\#(value)}}"#,
        ]
        for text in texts {
            guard case .failure = read(text) else {
                Issue.record("read \(text)")
                continue
            }
        }
    }

    @Test(arguments: [
        ("", "it is not JSON (unexpected end at offset 0)"),
        ("<html></html>", "it is not JSON (unexpected byte at offset 0)"),
        ("[]", "it is not a JSON object"), ("\"eyJ\"", "it is not a JSON object"), ("null", "it is not a JSON object"),
        ("{}", "authorization.token is missing"), (#"{"authorization":"a"}"#, "authorization.token is missing"),
        (#"{"authorization":{"token":"a"}}"#, "refresh.token is missing"),
        (#"{"authorization":{"token":"a"},"refresh":null}"#, "refresh.token is missing"),
        (#"{"authorization":{"token":7},"refresh":null}"#, "authorization.token is not a string"),
        (#"{"authorization":{"token":""},"refresh":null}"#, "authorization.token is empty"),
        (#"{"authorization":{"token":"a b"}}"#, "authorization.token holds a character that no token has"),
    ])
    func `what is wrong is said without a word of the content`(_ text: String, _ clause: String) {
        guard case .failure(let problem) = read(text) else {
            Issue.record("read \(text)")
            return
        }
        #expect(problem.clause == clause)
    }

    @Test func `unknown fields, a byte order mark and spare white space are passed over`() throws {
        let text =
            "\u{FEFF} "
            + #"{"new":[{"x":1}],"authorization":{"token":"a-1","scopes":["a"],"expires_in":5},"refresh":{"token":"r-1","x":{}}}"#
            + "\r\n"
        #expect(try answer(text).accessLife.span == .seconds(5))
    }

    @Test(arguments: [
        ("", "Bearer"), (#","type":null"#, "Bearer"), (#","type":"""#, "Bearer"), (#","type":7"#, "Bearer"),
        (#","type":"bearer""#, "bearer"), (#","type":"DPoP""#, "DPoP"), (#","type":"Bearer x""#, "Bearer"),
        (#","type":"B\r\nX: y""#, "Bearer"),
        (#","type":"nineteen-characters""#, "nineteen-characters"), (#","type":"twenty-characters-is""#, "Bearer"),
    ])
    func `the type can't break out of a header`(_ fields: String, _ type: String) throws {
        #expect(try answer(Self.set(fields)).tokenType == type)
    }

    @Test(
        arguments: [
            ("2022-06-10T17:08:48", nil), ("2022-06-10T17:08:48.123", nil), ("soon", nil),
            ("2022-06-10T17:08:48Z", 1_654_880_928), ("2022-06-10T17:08:48.999Z", 1_654_880_928),
            ("2022-06-10T14:08:48-03:00", 1_654_880_928), ("2022-06-10 19:08:48.5+0200", 1_654_880_928),
        ] as [(String, Int64?)]
    )
    func `a time counts only with its zone`(_ text: String, _ seconds: Int64?) throws {
        let end = seconds.map(UnixTime.init(seconds:))
        #expect(try answer(Self.set(",\"expires_at\":\"\(text)\"")).accessLife.end == end)
        #expect(try answer(Self.set("", ",\"expiresAt\":\"\(text)\"")).refreshLife.end == end)
    }
}
