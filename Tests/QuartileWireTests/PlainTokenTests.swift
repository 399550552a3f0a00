import Testing

@testable import QuartileWire

@Suite struct `Plain tokens` {
    private static let token = WireToken(
        account: "x",
        accessToken: "hunter2",
        tokenType: "Bearer",
        expiresAt: 1_795_600_800,
        expiresIn: 0,
        generation: 3,
        subscriptionKey: "abc123",
        subscriptionKeyHeader: "Subscription-Key"
    )

    /// The three pieces of a plain token in `bytes`.
    private static func pieces(_ bytes: [UInt8], id: UInt64 = 7) -> [String]? {
        bytes.withUnsafeBytes { received in
            PlainToken(received, id: id).map { token in
                [token.accessToken, token.subscriptionKey, token.subscriptionKeyHeader].map {
                    String(decoding: $0, as: UTF8.self)
                }
            }
        }
    }

    private static func line(_ token: WireToken, id: RequestID = 7) -> [UInt8] {
        Response.bytes(id: id, result: token) + [ASCII.newline]
    }

    @Test func `are what a daemon writes`() {
        #expect(Self.pieces(Self.line(Self.token)) == ["hunter2", "abc123", "Subscription-Key"])
    }

    @Test func `are found only where all of the line is there, and nothing else`() {
        let line = Self.line(Self.token)
        for count in line.indices { #expect(Self.pieces(Array(line[..<count])) == nil) }
        #expect(Self.pieces(line + line) == nil)
    }

    @Test func `answer the request alone`() {
        #expect(Self.pieces(Self.line(Self.token), id: 8) == nil)
        #expect(Self.pieces(Self.line(Self.token, id: .null)) == nil)
        #expect(Self.pieces(Response(id: 7, error: WireError(.loginRequired, "no")).line) == nil)
    }

    @Test(arguments: ["a\"b", #"a\b"#, "a\nb", "a\u{7F}b", "é"])
    func `have no character that is not plain`(text: String) {
        for path in [\WireToken.account, \.accessToken, \.tokenType, \.subscriptionKey, \.subscriptionKeyHeader] {
            var token = Self.token
            token[keyPath: path] = text
            #expect(Self.pieces(Self.line(token)) == nil)
        }
    }

    @Test(arguments: [-1, 1_000_000_000_000_000_000])
    func `have no number that is not plain`(number: Int64) {
        for path in [\WireToken.expiresAt, \.expiresIn, \.generation] {
            var token = Self.token
            token[keyPath: path] = number
            #expect(Self.pieces(Self.line(token)) == nil)
        }
    }

    @Test(arguments: [
        ("\"expires_in\":0", "\"expires_in\":00"), ("\"expires_in\":0", "\"expires_in\":0.0"),
        ("\"expires_in\":0", "\"expires_in\":"), (",\"token_type\"", ", \"token_type\""),
        ("\"token_type\"", "\"Token_type\""), ("\"2.0\"", "\"2.1\""), ("}}", ",\"news\":1}}"), ("}}", "},\"news\":1}"),
    ])
    func `are of this form alone`(part: String, other: String) {
        let line = String(decoding: Self.line(Self.token), as: UTF8.self)
        #expect(line.contains(part))
        #expect(Self.pieces(Array(line.replacing(part, with: other).utf8)) == nil)
    }

    @Test func `are not degraded`() {
        var token = Self.token
        token.degraded = .init(code: "upstream_unavailable", message: "m", retryAt: nil)
        #expect(Self.pieces(Self.line(token)) == nil)
    }
}

@Suite struct `Plain requests for a token` {
    /// The line that is written into memory of this size, or nil.
    private static func line(_ params: GetTokenParams, id: UInt64, size: Int = GetTokenParams.maximumPlainLength)
        -> [UInt8]?
    {
        withUnsafeTemporaryAllocation(byteCount: size, alignment: 1) { memory in
            var output = FixedBuffer(memory)
            return params.writeRequest(id: id, to: &output) ? Array(output.bytes) : nil
        }
    }

    @Test(arguments: [
        GetTokenParams(account: "x"), GetTokenParams(account: "ada@example.com", minValid: 900, maxWait: 0.5),
        GetTokenParams(account: "x", minValid: 1e20), GetTokenParams(account: "x", maxWait: 0),
        GetTokenParams(
            account: String(repeating: "x", count: 64),
            minValid: -.leastNonzeroMagnitude,
            maxWait: -1.234_567_890_123_456_7e-100
        ),
    ])
    func `are what any request is`(params: GetTokenParams) {
        for id in [1, 10, UInt64.max] {
            let request = Request(id: .number(JSON.Number(id)), .getToken, params: params.json)
            #expect(Self.line(params, id: id) == request.line)
        }
    }

    @Test(arguments: [
        GetTokenParams(account: ""), GetTokenParams(account: "a\"b"), GetTokenParams(account: "x", minValid: .infinity),
        GetTokenParams(account: "x", maxWait: .nan),
    ])
    func `are not written where they would not be plain`(params: GetTokenParams) {
        #expect(Self.line(params, id: 1) == nil)
    }

    @Test func `are not written where there is no room`() throws {
        let params = GetTokenParams(account: "x")
        let length = try #require(Self.line(params, id: 1)).count
        #expect(Self.line(params, id: 1, size: length)?.count == length)
        #expect(Self.line(params, id: 1, size: length - 1) == nil)
    }
}
