import QuartileWire
import Testing

private func decode(_ text: String) -> Message {
    Message.decode(text.utf8)
}

/// The code and id of the one answer that a line is rejected with, or nil if it is not.
private func rejection(_ text: String) -> Rejection? {
    guard case .single(.rejected(let response)) = decode(text) else { return nil }
    return Rejection(response)
}

private struct Rejection: Equatable {
    var code: ErrorCode
    var id: RequestID

    init(_ code: ErrorCode, _ id: RequestID) {
        self.code = code
        self.id = id
    }

    init?(_ response: Response) {
        guard case .failure(let error) = response.outcome else { return nil }
        self.init(error.code, response.id)
    }
}

@Suite struct `Message with a request` {
    @Test func `is read with its id, method and params`() {
        let message = decode(#"{"jsonrpc":"2.0","id":7,"method":"get_token","params":{"account":"x"}}"#)
        #expect(message == .single(.request(Request(id: 7, .getToken, params: ["account": "x"]))))
    }

    @Test func `may leave params out`() {
        #expect(decode(#"{"jsonrpc":"2.0","id":"a","method":"hello"}"#) == .single(.request(Request(id: "a", .hello))))
    }

    @Test func `may have null for params`() {
        let message = decode(#"{"jsonrpc":"2.0","id":1,"method":"hello","params":null}"#)
        #expect(message == .single(.request(Request(id: 1, .hello))))
    }

    @Test func `keeps positional params for its method to refuse`() {
        let message = decode(#"{"jsonrpc":"2.0","id":1,"method":"nonsense","params":[1]}"#)
        #expect(message == .single(.request(Request(id: 1, method: "nonsense", params: [1]))))
    }

    @Test func `with id null is not a notification`() {
        #expect(
            decode(#"{"jsonrpc":"2.0","id":null,"method":"hello"}"#) == .single(.request(Request(id: .null, .hello)))
        )
    }

    @Test func `without id is a notification`() {
        #expect(decode(#"{"jsonrpc":"2.0","method":"hello"}"#) == .single(.request(Request(id: nil, .hello))))
    }

    @Test func `keeps the digits of its id`() throws {
        guard case .single(.request(let request)) = decode(#"{"jsonrpc":"2.0","id":1.0,"method":"hello"}"#) else {
            Issue.record("not a request")
            return
        }
        #expect(
            Response(id: try #require(request.id), result: true).text
                == #"{"jsonrpc":"2.0","id":1.0,"result":true}"#
        )
    }

    @Test func `takes the last of duplicate members`() {
        let message = decode(#"{"jsonrpc":"1.0","jsonrpc":"2.0","id":1,"id":2,"method":"x","method":"hello"}"#)
        #expect(message == .single(.request(Request(id: 2, .hello))))
    }

    @Test func `may hold members that JSON-RPC does not know`() {
        #expect(
            decode(#"{"jsonrpc":"2.0","id":1,"method":"hello","x":1}"#) == .single(.request(Request(id: 1, .hello)))
        )
    }

    @Test func `may have white space around it`() {
        #expect(
            decode(" \t{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"hello\"}\r")
                == .single(.request(Request(id: 1, .hello)))
        )
    }
}

@Suite struct `Message rejected` {
    @Test(arguments: ["", "  ", "{", "hello", #"{"jsonrpc":"2.0","id":1,"method":"hello"}}"#, "[1", "\"\\ud800\""])
    func `of what is not JSON is a parse error with id null`(text: String) {
        #expect(rejection(text) == Rejection(.parseError, .null))
    }

    @Test(arguments: ["null", "true", "1", "\"hello\""])
    func `of what is no object is an invalid request with id null`(text: String) {
        #expect(rejection(text) == Rejection(.invalidRequest, .null))
    }

    @Test(arguments: [
        #"{"id":5,"method":"hello"}"#, #"{"jsonrpc":"1.0","id":5,"method":"hello"}"#,
        #"{"jsonrpc":2.0,"id":5,"method":"hello"}"#, #"{"jsonrpc":null,"id":5,"method":"hello"}"#,
    ])
    func `of another version repeats the id`(text: String) {
        #expect(rejection(text) == Rejection(.invalidRequest, 5))
    }

    @Test(arguments: [
        #"{"jsonrpc":"2.0","id":"a"}"#, #"{"jsonrpc":"2.0","id":"a","method":null}"#,
        #"{"jsonrpc":"2.0","id":"a","method":1}"#, #"{"jsonrpc":"2.0","id":"a","method":["hello"]}"#,
    ])
    func `of a method that is no string repeats the id`(text: String) {
        #expect(rejection(text) == Rejection(.invalidRequest, "a"))
    }

    @Test(arguments: [#""x""#, "1", "true", "false"])
    func `of params that hold nothing repeats the id`(params: String) {
        let text = #"{"jsonrpc":"2.0","id":5,"method":"hello","params":\#(params)}"#
        #expect(rejection(text) == Rejection(.invalidRequest, 5))
    }

    @Test(arguments: ["true", "[]", "{}", "[1]"])
    func `of an id that can't be one has id null`(id: String) {
        #expect(rejection(#"{"jsonrpc":"2.0","id":\#(id),"method":"hello"}"#) == Rejection(.invalidRequest, .null))
    }

    @Test func `of a request with no id has id null`() {
        #expect(rejection(#"{"jsonrpc":"2.0"}"#) == Rejection(.invalidRequest, .null))
    }

    @Test func `of an empty batch is one invalid request`() {
        #expect(rejection("[]") == Rejection(.invalidRequest, .null))
    }

    @Test func `does not quote the line`() {
        guard case .single(.rejected(let response)) = decode("hunter2") else {
            Issue.record("taken")
            return
        }
        #expect(!response.text.contains("hunter2"))
    }
}

@Suite struct `Message with a batch` {
    @Test func `keeps its requests in order`() {
        let message = decode(#"[{"jsonrpc":"2.0","id":1,"method":"hello"},{"jsonrpc":"2.0","method":"status"}]"#)
        #expect(message == .batch([.request(Request(id: 1, .hello)), .request(Request(id: nil, .status))]))
    }

    @Test func `of one is a batch`() {
        #expect(decode(#"[{"jsonrpc":"2.0","id":1,"method":"hello"}]"#) == .batch([.request(Request(id: 1, .hello))]))
    }

    @Test func `rejects each entry for itself`() {
        guard case .batch(let entries) = decode(#"[1,{"jsonrpc":"2.0","id":1,"method":"hello"},[],{"id":3}]"#) else {
            Issue.record("not a batch")
            return
        }
        let rejections = entries.map { entry -> Rejection? in
            if case .rejected(let response) = entry { Rejection(response) } else { nil }
        }
        #expect(
            rejections == [
                Rejection(.invalidRequest, .null), nil, Rejection(.invalidRequest, .null),
                Rejection(.invalidRequest, 3),
            ]
        )
    }

    @Test func `that is cut off is one parse error`() {
        #expect(rejection(#"[{"jsonrpc":"2.0","id":1,"method":"hello"},"#) == Rejection(.parseError, .null))
    }
}

@Suite struct `Requests` {
    @Test func `writes a line that reads back the same`() {
        let request = Request(id: "a\nb", .login, params: ["account": "x"])
        let line = request.line
        #expect(line.last == 0x0A)
        #expect(line.filter { $0 == 0x0A }.count == 1)
        #expect(Message.decode(line) == .single(.request(request)))
    }

    @Test func `writes no id for a notification`() {
        #expect(Request(id: nil, .hello).json.text == #"{"jsonrpc":"2.0","method":"hello"}"#)
    }

    @Test(arguments: Method.allCases)
    func `knows each method`(method: Method) throws {
        #expect(try Request(id: 1, method).knownMethod() == method)
    }

    @Test(arguments: ["", "Hello", "get-token", "reject-token", "subscribe", "metrics", "rpc.discover"])
    func `knows no other method`(name: String) {
        let error = #expect(throws: WireError.self) { try Request(id: 1, method: name).knownMethod() }
        #expect(error?.code == .methodNotFound)
    }

    @Test func `shows no params when printed, dumped or reflected`() {
        let request = Request(id: 1, .login, params: ["password": "hunter2"])
        var dumped = ""
        dump(request, to: &dumped)
        dump(Message.single(.request(request)), to: &dumped)
        for text in ["\(request)", String(reflecting: request), dumped] { #expect(!text.contains("hunter2")) }
    }
}
