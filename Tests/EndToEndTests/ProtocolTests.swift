import EndToEndHarness
import Foundation
import Testing

/// What the socket answers to those who speak the protocol badly: each row of the table of errors, from outside.
@Suite(.endToEnd) struct ProtocolTests {
    private let home: Home
    private let daemon: Daemon
    private let wire: WireClient

    init() async throws {
        home = try Home()
        daemon = try await Daemon(home)
        wire = try WireClient(home)
    }

    /// Sends lines on one connection; each must get this error and leave the connection usable.
    private func expect(_ code: Int, _ name: String, id: JSON = 1, for lines: [String]) async throws {
        for line in lines {
            let answer = try await wire.exchange(line)
            #expect(answer.names == ["jsonrpc", "id", "error"], "\(line)")
            #expect(answer["jsonrpc"] == "2.0")
            #expect(answer["id"] == id, "\(line)")
            let error = try #require(answer["error"], "\(line)")
            #expect(error["code"] == .number(Double(code)), "\(line): \(error.text)")
            #expect(error["data"]?["code"]?.string == name, "\(line)")
            let message = try #require(error["message"]?.string)
            #expect(!message.isEmpty && !message.contains("\n"))
        }
        #expect(try await wire.call("hello")["result"]?["protocol"] == 1)
    }

    private func request(_ method: String, _ params: String? = nil) -> String {
        #"{"jsonrpc":"2.0","id":1,"method":"\#(method)"\#(params.map { #","params":\#($0)"# } ?? "")}"#
    }

    @Test func whatIsNotJSONIsAParseError() async throws {
        try await expect(
            -32700,
            "parse_error",
            id: .null,
            for: [
                "", " ", "hello", "{", #"{"jsonrpc":"2.0","id":1,"method":"hello""#, "{} {}", "NaN", "[1,]", "01",
                #"{"jsonrpc":"2.0","id":1,"method":"hel\lo"}"#, "\u{FEFF}{}", "\u{0}",
                String(repeating: "[", count: 60_000),
            ]
        )
        try await wire.socket.send([0x22, 0xFF, 0xFE, 0x22, 0x0A])
        #expect(try await wire.answer()["error"]?["code"] == -32700)
        #expect(try await wire.call("hello")["result"] != nil)
    }

    @Test func whatIsNotARequestIsInvalid() async throws {
        try await expect(
            -32600,
            "invalid_request",
            id: .null,
            for: ["1", "null", "true", #""hello""#, "{}", "[]", #"{"jsonrpc":"2.0","id":{},"method":"hello"}"#]
        )
        try await expect(
            -32600,
            "invalid_request",
            for: [
                #"{"id":1,"method":"hello"}"#, #"{"jsonrpc":"1.0","id":1,"method":"hello"}"#,
                #"{"jsonrpc":2.0,"id":1,"method":"hello"}"#, #"{"jsonrpc":"2.0","id":1}"#,
                #"{"jsonrpc":"2.0","id":1,"method":1}"#,
            ]
        )
    }

    @Test func anUnknownMethodIsToldBeforeItsParams() async throws {
        try await expect(
            -32601,
            "method_not_found",
            for: [request("fly"), request("Hello"), request("hello "), request(""), request("fly", "[1]")]
        )
    }

    @Test func wrongMissingAndUnknownParamsAreInvalid() async throws {
        let login = #""account":"a","username":"a@example.com","password":"p","subscription_key":"\#(key)""#
        try await expect(
            -32602,
            "invalid_params",
            for: [
                request("get_token"), request("get_token", "{}"), request("get_token", #"["ada"]"#),
                request("hello", "[]"), request("hello", #"{"x":1}"#),
                request("get_token", #"{"account":1}"#), request("get_token", #"{"account":null}"#),
                request("get_token", #"{"account":""}"#), request("get_token", #"{"account":"a b"}"#),
                request("get_token", #"{"account":"a/b"}"#), request("get_token", #"{"account":"ä"}"#),
                request("get_token", #"{"account":"\#(String(repeating: "a", count: 65))"}"#),
                request("get_token", #"{"account":"a","min_valid":"1"}"#),
                request("get_token", #"{"account":"a","min_valid":-1}"#),
                request("get_token", #"{"account":"a","max_wait":true}"#),
                request("get_token", #"{"account":"a","colour":1}"#),
                request("login", #"{"account":"a"}"#), request("login", #"{\#(login),"remember":1}"#),
                request("login", #"{\#(login),"api_version":"v1"}"#),
                request("login", #"{\#(login),"api_version":"v9"}"#),
                request("login", #"{\#(login),"base_url":"http://192.0.2.1"}"#),
                request("login", #"{\#(login),"base_url":"ftp://127.0.0.1"}"#),
                request("import_tokens", #"{"account":"a","token_set":{},"subscription_key":"\#(key)"}"#),
                request("import_tokens", #"{"account":"a","token_set":1,"subscription_key":"\#(key)"}"#),
                request("update_account", #"{"account":"a","subscription_key":"line\nbreak"}"#),
            ]
        )
        #expect(try await wire.call("list_accounts")["result"]?["accounts"] == [])
    }

    private var key: String { String(repeating: "k1", count: 16) }

    @Test func anAccountThatIsNotThereIsNotFound() async throws {
        let methods = ["get_token", "refresh", "status", "validate", "logout"]
        let update = request("update_account", #"{"account":"ada","username":"ada@example.com"}"#)
        try await expect(
            -32001,
            "account_not_found",
            for: methods.map { request($0, #"{"account":"ada"}"#) } + [update]
        )
    }

    @Test func ofDuplicateKeysTheLastWins() async throws {
        let answer = try await wire.exchange(#"{"jsonrpc":"2.0","id":1,"id":2,"method":"fly","method":"hello"}"#)
        #expect(answer["id"] == 2)
        #expect(answer["result"]?["server"] == "quartiled")
    }

    @Test func anIDThatIsNullIsAnswered() async throws {
        let answer = try await wire.exchange(#"{"jsonrpc":"2.0","id":null,"method":"hello"}"#)
        #expect(answer["id"] == .null)
        #expect(answer["result"] != nil)
    }

    @Test func idsComeBackAsTheyWent() async throws {
        for id in [#""x""#, #""""#, "-7", "1.5", "9007199254740991"] {
            try await wire.send(#"{"jsonrpc":"2.0","id":\#(id),"method":"hello"}"#)
            let line = try #require(try await wire.socket.line())
            #expect(line.contains(#""id":\#(id)"#))
        }
    }

    @Test func aNotificationIsNotAnswered() async throws {
        try await wire.send(#"{"jsonrpc":"2.0","method":"hello"}"#)
        try await wire.send(#"{"jsonrpc":"2.0","method":"fly"}"#)
        try await wire.send(#"[{"jsonrpc":"2.0","method":"hello"}]"#)
        #expect(try await wire.exchange(#"{"jsonrpc":"2.0","id":"next","method":"hello"}"#)["id"] == "next")
    }

    @Test func aBatchIsAnsweredByOneArray() async throws {
        let line = "[1,\(request("hello")),\(request("fly")),\(#"{"jsonrpc":"2.0","method":"hello"}"#)]"
        let answers = try await wire.exchange(line).elements
        #expect(answers.count == 3)
        #expect(Set(answers.compactMap { $0["error"]?["code"]?.int }) == [-32600, -32601])
        #expect(answers.count { $0["result"] != nil } == 1)
    }

    @Test func aLineMayHave64KiBAndNoMore() async throws {
        let longest = 65_536
        let head = request("hello").dropLast()
        let fitting = head + String(repeating: " ", count: longest - head.utf8.count - 1) + "}"
        #expect(try await wire.exchange(String(fitting))["result"] != nil)

        try await wire.send(String(head) + String(repeating: " ", count: longest - head.utf8.count) + "}")
        let answer = try await wire.answer()
        #expect(answer["error"]?["code"] == -32700)
        #expect(answer["id"] == .null)
        #expect(try await wire.socket.line() == nil, "the connection ends after an over-long line")
        #expect(try await WireClient(home).call("hello")["result"] != nil)
    }

    @Test func aHalfClosedClientGetsItsAnswers() async throws {
        let sandbox = try await Sandbox()
        try await home.logIn("ada", to: sandbox)
        try await sandbox.fault("hang", ["call": "refresh"])
        try await wire.send(request("refresh", #"{"account":"ada"}"#))
        // The last line may lack its end.
        try await wire.socket.send(request("list_accounts").utf8)
        wire.socket.endSending()
        #expect(try await wire.answer()["result"]?["accounts"] != nil)
        try await sandbox.waitForCall("refresh")
        try await sandbox.clearFaults()
        #expect(try await wire.answer()["result"]?["generation"] == 2)
        #expect(try await wire.socket.line() == nil)
    }

    @Test func the33rdRequestIsNotReadUntilOneIsAnswered() async throws {
        let sandbox = try await Sandbox()
        try await home.logIn("ada", to: sandbox)
        try await sandbox.fault("hang", ["call": "refresh"])
        // Beside 31 that wait, another is served.
        for _ in 0..<31 { try await wire.send(request("refresh", #"{"account":"ada"}"#)) }
        #expect(try await wire.exchange(request("hello"))["result"]?["server"] != nil)
        // Beside 32, its answer comes after one of theirs.
        try await wire.send(request("refresh", #"{"account":"ada"}"#))
        try await wire.send(request("hello"))
        #expect(try await WireClient(home).call("hello")["result"] != nil)
        try await sandbox.waitForCall("refresh")
        try await sandbox.clearFaults()
        #expect(try await wire.answer()["result"]?["generation"] == 2)
        var results: [JSON] = []
        for _ in 0..<32 { results.append(try #require(try await wire.answer()["result"])) }
        #expect(results.count { $0["server"] != nil } == 1)
        #expect(try await sandbox.calls("refresh").count == 1, "32 callers, one refresh")
    }

    @Test func aClientThatGoesAwayIsNoError() async throws {
        let sandbox = try await Sandbox()
        try await home.logIn("ada", to: sandbox)
        try await sandbox.fault("hang", ["call": "refresh"])
        do {
            let other = try WireClient(home)
            try await other.send(request("refresh", #"{"account":"ada"}"#))
            try await sandbox.waitForCall("refresh")
        }
        try await sandbox.clearFaults()
        // The refresh belongs to the daemon: it is finished with nobody waiting.
        try await eventually("generation 2") { try await home.account("ada")["generation"] == 2 }
        #expect(!daemon.log.contains("error"))
    }

    @Test func oneConnectionTooManyIsOverloaded() async throws {
        var limit = rlimit()
        try #require(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
        limit.rlim_cur = min(limit.rlim_max, 8192)
        try #require(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
        try #require(limit.rlim_cur > 3000, "too few descriptors to show it")
        var crowd: [WireClient] = []
        for _ in 0..<2047 { crowd.append(try WireClient(home)) }
        // Accepted, each of them.
        #expect(try await crowd[2046].call("hello")["result"] != nil)
        let late = try WireClient(home)
        #expect(try await late.answer()["error"]?["code"] == -32009)
        #expect(try await late.socket.line() == nil)
        let run = try await home.ctl("list").expect(75)
        #expect(run.output.isEmpty)
        #expect(try await wire.call("hello")["result"] != nil)
        crowd.removeAll()
        try await eventually("room again") { try await home.ctl("list").end == .exit(0) }
    }
}
