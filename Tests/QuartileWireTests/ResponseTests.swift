import QuartileWire
import Testing

private func decode(_ text: String) throws -> ServerMessage {
    try ServerMessage.decode(text.utf8)
}

extension Response {
    /// What is sent.
    var text: String { String(decoding: bytes, as: UTF8.self) }
}

@Suite struct `Responses` {
    @Test func `writes a result`() {
        #expect(Response(id: 1, result: ["a": 1]).text == #"{"jsonrpc":"2.0","id":1,"result":{"a":1}}"#)
    }

    @Test func `writes an error with its code's name in data`() {
        let response = Response(id: .null, error: WireError(.timeout, "too late", retryAt: 0))
        let expected =
            #"{"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"too late","#
            + #""data":{"code":"timeout","retry_at":"1970-01-01T00:00:00Z"}}}"#
        #expect(response.text == expected)
    }

    @Test(arguments: ErrorCode.allCases)
    func `reads back each error`(code: ErrorCode) throws {
        let response = Response(id: "x", error: WireError(code, "m", details: .init([.init("a", 1)])))
        #expect(try ServerMessage.decode(response.line) == .response(response))
    }

    // Those to a batch are kept until the last one is there: thousands of them.
    @Test func `takes little more memory than it has bytes`() {
        let bytes = Response(id: 1, error: WireError(.invalidRequest, "a request must be a JSON object")).bytes
        #expect(bytes.capacity < 2 * bytes.count)
    }

    @Test func `reads back a result that is null`() throws {
        let response = Response(id: 3, result: .null)
        #expect(try ServerMessage.decode(response.line) == .response(response))
    }

    @Test func `reads a result beside an error that is null`() throws {
        let message = try decode(#"{"jsonrpc":"2.0","id":1,"result":2,"error":null}"#)
        #expect(message == .response(Response(id: 1, result: 2)))
    }

    @Test func `reads an error without data`() throws {
        let message = try decode(#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"m"}}"#)
        #expect(message == .response(Response(id: 1, error: WireError(.methodNotFound, "m"))))
    }

    @Test func `keeps the message of an error that is not known`() {
        let error = #expect(throws: ProtocolViolation.self) {
            try decode(#"{"jsonrpc":"2.0","id":1,"error":{"code":-32099,"message":"the moon is full"}}"#)
        }
        #expect(error?.description == "an error that this version does not know (-32099): the moon is full")
    }

    @Test(arguments: [
        "", "x", "1", "null", "{}", #"{"jsonrpc":"1.0","id":1,"result":1}"#, #"{"jsonrpc":"2.0","result":1}"#,
        #"{"jsonrpc":"2.0","id":1}"#, #"{"jsonrpc":"2.0","id":{},"result":1}"#,
        #"{"jsonrpc":"2.0","id":1,"result":1,"error":{"code":-32601,"message":"m"}}"#,
        #"{"jsonrpc":"2.0","id":1,"error":1}"#, #"{"jsonrpc":"2.0","id":1,"error":{"code":"x","message":"m"}}"#,
        #"{"jsonrpc":"2.0","id":1,"error":{"code":-32601}}"#, "[1]",
    ])
    func `refuses what is no answer`(text: String) {
        #expect(throws: ProtocolViolation.self) { try decode(text) }
    }

    @Test func `reads the answers to a batch`() throws {
        let responses = [Response(id: 2, result: true), Response(id: 1, error: WireError(.overloaded, "m"))]
        let batch = JSON.array(try responses.map { try JSON.parse($0.bytes) })
        #expect(try ServerMessage.decode(batch.line) == .responses(responses))
    }

    @Test func `to an over-long line is a parse error with id null`() throws {
        #expect(Response.overlongLine.id == .null)
        #expect(try JSON.parse(Response.overlongLine.bytes).object?["error"]?.object?["code"] == -32700)
    }

    @Test func `shows no result when printed, dumped or reflected`() {
        let response = Response(id: 1, result: ["access_token": "hunter2"])
        var dumped = ""
        dump(response, to: &dumped)
        for text in ["\(response)", String(reflecting: response), dumped] { #expect(!text.contains("hunter2")) }
    }
}

@Suite struct `Notifications` {
    @Test func `writes a line that reads back the same`() throws {
        let notification = Notification(method: "token_changed", params: ["generation": 2])
        #expect(notification.json.text == #"{"jsonrpc":"2.0","method":"token_changed","params":{"generation":2}}"#)
        #expect(try ServerMessage.decode(notification.line) == .notification(notification))
    }

    @Test func `may have no params`() throws {
        let notification = Notification(method: "bye")
        #expect(try ServerMessage.decode(notification.line) == .notification(notification))
    }

    @Test(arguments: [#"{"method":"x"}"#, #"{"jsonrpc":"2.0","method":1}"#])
    func `is refused where it is none`(text: String) {
        #expect(throws: ProtocolViolation.self) { try decode(text) }
    }
}

@Suite struct `Error code` {
    /// The protocol's table: number, name, exit code.
    static let table: [(ErrorCode, Int64, String, Int32)] = [
        (.parseError, -32700, "parse_error", 76), (.invalidRequest, -32600, "invalid_request", 76),
        (.methodNotFound, -32601, "method_not_found", 76), (.invalidParams, -32602, "invalid_params", 76),
        (.internalError, -32603, "internal_error", 70), (.accountNotFound, -32001, "account_not_found", 67),
        (.loginRequired, -32002, "login_required", 77), (.upstreamUnavailable, -32003, "upstream_unavailable", 75),
        (.upstreamRejected, -32004, "upstream_rejected", 65), (.timeout, -32005, "timeout", 75),
        (.permissionDenied, -32006, "permission_denied", 77), (.keyUnusable, -32007, "key_unusable", 78),
        (.storageFailed, -32008, "storage_failed", 74),
        (.overloaded, -32009, "overloaded", 75), (.keyNotReady, -32010, "key_not_ready", 75),
    ]

    @Test(arguments: table)
    func `has its number, name and exit code`(code: ErrorCode, number: Int64, name: String, exitCode: Int32) {
        #expect(code.number == number)
        #expect(code.name == name)
        #expect(code.exitCode == exitCode)
        #expect(ErrorCode(number: number) == code)
        #expect(ErrorCode(name: name) == code)
    }

    @Test func `is in the table`() {
        #expect(Set(Self.table.map(\.0)) == Set(ErrorCode.allCases))
    }

    @Test func `has none for other numbers and names`() {
        #expect(ErrorCode(number: -32011) == nil)
        #expect(ErrorCode(name: "Timeout") == nil)
    }
}

@Suite struct `Wire error` {
    @Test func `gives the time to try again`() {
        #expect(WireError(.upstreamUnavailable, "m", retryAt: 1_795_600_800).retryAt == 1_795_600_800)
    }

    @Test func `has no time to try again unless it says so`() {
        #expect(WireError(.upstreamUnavailable, "m", retryAt: nil).retryAt == nil)
        #expect(WireError(.upstreamUnavailable, "m", details: .init([.init("retry_at", .null)])).retryAt == nil)
        #expect(WireError(.upstreamUnavailable, "m", details: .init([.init("retry_at", "soon")])).retryAt == nil)
    }

    @Test func `trusts its number rather than the name in data`() throws {
        let json: JSON = ["code": -32001, "message": "m", "data": ["code": "timeout", "x": 1]]
        #expect(try WireError(json: json) == WireError(.accountNotFound, "m", details: .init([.init("x", 1)])))
    }
}
