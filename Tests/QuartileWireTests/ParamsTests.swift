import QuartileWire
import Testing

/// The parameter that is complained of, or the message where none is named; nil if there is no complaint.
private func complaint<Params>(_ make: () throws(WireError) -> Params) -> String? {
    do throws(WireError) {
        _ = try make()
        return nil
    } catch {
        #expect(error.code == .invalidParams)
        return error.details["parameter"]?.string ?? error.message
    }
}

private func with(_ json: JSON, _ name: String, _ value: JSON) -> JSON {
    var object = json.object ?? JSON.Object()
    object.append(name, value)
    return .object(object)
}

private func without(_ json: JSON, _ name: String) -> JSON {
    .object(JSON.Object(json.object?.members.filter { $0.name != name } ?? []))
}

@Suite struct `Account name` {
    @Test(arguments: ["a", "ada@example.com", "A.b_C+d-9", String(repeating: "x", count: 64), ".", "-"])
    func `keeps the rule`(name: String) {
        #expect(AccountNameRule.isValid(name))
    }

    @Test(arguments: [
        "", String(repeating: "x", count: 65), "a b", "a/b", "é", "a\n", "a\0", "a:b", "*", "a,b", "🗝", "ａ",
    ])
    func `breaks the rule`(name: String) {
        #expect(!AccountNameRule.isValid(name))
        #expect(
            complaint { () throws(WireError) in try AccountParams(json: ["account": .string(name)], of: .logout) }
                == "account"
        )
    }
}

@Suite struct `Params of get_token` {
    private func complaintOf(_ json: JSON?) -> String? {
        complaint { () throws(WireError) in try GetTokenParams(json: json) }
    }

    @Test func `are read`() throws {
        let params = try GetTokenParams(json: JSON.parse(#"{"account":"x","min_valid":60,"max_wait":2.5}"#.utf8))
        #expect(params == GetTokenParams(account: "x", minValid: 60, maxWait: 2.5))
    }

    @Test func `leave what is not said to the daemon`() throws {
        #expect(try GetTokenParams(json: ["account": "x"]) == GetTokenParams(account: "x"))
    }

    @Test func `take null as left out`() throws {
        let params = try GetTokenParams(json: ["account": "x", "min_valid": .null, "max_wait": .null])
        #expect(params == GetTokenParams(account: "x"))
    }

    @Test(arguments: [nil, [:], ["account": .null]] as [JSON?])
    func `need an account`(json: JSON?) {
        #expect(complaintOf(json) == "account")
    }

    @Test(arguments: [1, true, [], [:]] as [JSON])
    func `need a string for the account`(value: JSON) {
        #expect(complaintOf(["account": value]) == "account")
    }

    @Test(arguments: ["min_valid", "max_wait"], [-1, "60", true, [], [:]] as [JSON])
    func `need seconds from 0 up`(name: String, value: JSON) {
        #expect(complaintOf(with(["account": "x"], name, value)) == name)
    }

    @Test(arguments: ["min_valid", "max_wait"], ["1e400", "-0.001", "-1e400"])
    func `refuse numbers out of range`(name: String, number: String) throws {
        #expect(complaintOf(try JSON.parse(#"{"account":"x","\#(name)":\#(number)}"#.utf8)) == name)
    }

    @Test func `cut seconds to their limits`() throws {
        let params = try GetTokenParams(
            json: try JSON.parse(#"{"account":"x","min_valid":1e300,"max_wait":1e300}"#.utf8)
        )
        #expect(params.minValid == 315_360_000)
        #expect(params.maxWait == 3_600)
    }

    @Test func `take 0 seconds`() throws {
        let params = try GetTokenParams(json: ["account": "x", "min_valid": 0, "max_wait": 0])
        #expect(params == GetTokenParams(account: "x", minValid: 0, maxWait: 0))
    }

    @Test func `refuse a parameter that there is not`() {
        #expect(complaintOf(["account": "x", "minvalid": 1]) == "minvalid")
    }

    @Test func `refuse positional ones`() {
        #expect(complaintOf(["x"]) == "get_token takes its parameters by name, in an object")
        #expect(complaintOf([]) == "get_token takes its parameters by name, in an object")
    }

    @Test func `take the last of duplicates`() throws {
        let json = try JSON.parse(#"{"account":1,"account":"x"}"#.utf8)
        #expect(try GetTokenParams(json: json).account == "x")
    }

    @Test(arguments: ["", "é", "a b", "hunter2", "Min", "a\n", String(repeating: "x", count: 17)])
    func `do not repeat a stranger's name that is not like one`(name: String) {
        #expect(
            complaintOf(["account": "x", .init(name): 1] as [String: JSON])
                == "one of the parameters is none of get_token, which takes account, min_valid, max_wait"
        )
    }

    private func complaintOf(_ members: [String: JSON]) -> String? {
        complaintOf(.object(JSON.Object(members.map { JSON.Object.Member($0.key, $0.value) })))
    }

    @Test func `never quote a value`() {
        do throws(WireError) {
            _ = try GetTokenParams(json: ["account": "hunter 2"])
            Issue.record("taken")
        } catch {
            #expect(!error.json.text.contains("hunter"))
        }
    }

    @Test func `write what they read`() throws {
        let params = GetTokenParams(account: "x", minValid: 0.5, maxWait: 30)
        #expect(try GetTokenParams(json: params.json) == params)
    }

    @Test func `leave infinite seconds out`() {
        #expect(GetTokenParams(account: "x", minValid: .infinity).json == ["account": "x"])
    }
}

@Suite struct `Params of login` {
    private static let least: JSON = [
        "account": "x", "username": "ada@example.com", "password": "hunter2", "subscription_key": "abc123",
    ]

    private func complaintOf(_ json: JSON?) -> String? {
        complaint { () throws(WireError) in try LoginParams(json: json) }
    }

    @Test func `are read`() throws {
        let params = LoginParams(
            account: "x",
            username: "ada@example.com",
            password: "hunter2",
            subscriptionKey: "abc123",
            apiVersion: .v3,
            baseURL: "http://127.0.0.1:1",
            remember: false,
            ifChanged: true
        )
        #expect(try LoginParams(json: params.json) == params)
    }

    @Test func `leave what is not said to the daemon`() throws {
        let params = try LoginParams(json: Self.least)
        #expect(params.apiVersion == nil)
        #expect(params.baseURL == nil)
        #expect(params.remember == nil)
        #expect(params.ifChanged == nil)
    }

    @Test(arguments: ["account", "username", "password"])
    func `need`(name: String) {
        #expect(complaintOf(without(Self.least, name)) == name)
    }

    @Test func `may leave the subscription key to the account`() throws {
        #expect(try LoginParams(json: without(Self.least, "subscription_key")).subscriptionKey == nil)
    }

    @Test(
        arguments: ["username", "password", "subscription_key", "api_version", "base_url"],
        [1, "", true, [], [:]] as [JSON]
    )
    func `need strings with something in them`(name: String, value: JSON) {
        #expect(complaintOf(with(Self.least, name, value)) == name)
    }

    @Test(arguments: ["remember", "if_changed"], [1, "true", [], [:]] as [JSON])
    func `need true or false`(name: String, value: JSON) {
        #expect(complaintOf(with(Self.least, name, value)) == name)
    }

    @Test(arguments: ["v1", "v4", "V2", "2", " v2"])
    func `refuse an API without login`(version: String) {
        #expect(complaintOf(with(Self.least, "api_version", .string(version))) == "api_version")
    }

    @Test(arguments: ["a\r\nX: y", "a b", "é", "a\0", "a\u{7F}"])
    func `refuse a key that a header could be injected with`(key: String) {
        #expect(complaintOf(with(Self.least, "subscription_key", .string(key))) == "subscription_key")
    }

    @Test func `take any password`() throws {
        let password = " \"pä\0ss\n "
        #expect(try LoginParams(json: with(Self.least, "password", .string(password))).password == password)
    }

    @Test func `refuse a parameter that there is not`() {
        #expect(complaintOf(with(Self.least, "token_set", [:])) == "token_set")
    }

    @Test func `show nothing when printed, dumped or reflected`() throws {
        let params = try LoginParams(json: Self.least)
        var dumped = ""
        dump(params, to: &dumped)
        for text in ["\(params)", String(reflecting: params), dumped] {
            #expect(!text.contains("hunter2"))
            #expect(!text.contains("abc123"))
        }
    }
}

@Suite struct `Params of import_tokens` {
    private static let least: JSON = [
        "account": "x", "token_set": ["refresh": ["token": "hunter2"]], "subscription_key": "abc123",
    ]

    private func complaintOf(_ json: JSON?) -> String? {
        complaint { () throws(WireError) in try ImportTokensParams(json: json) }
    }

    @Test func `are read with the token set as it is`() throws {
        let params = ImportTokensParams(
            account: "x",
            tokenSet: ["anything": [1, .null]],
            subscriptionKey: "abc123",
            apiVersion: .v1,
            baseURL: "http://127.0.0.1:1"
        )
        #expect(try ImportTokensParams(json: params.json) == params)
    }

    @Test(arguments: ["account", "token_set", "subscription_key"])
    func `need`(name: String) {
        #expect(complaintOf(without(Self.least, name)) == name)
        #expect(complaintOf(with(Self.least, name, .null)) == name)
    }

    @Test(arguments: ["{}", 1, true, []] as [JSON])
    func `need an object for the token set`(value: JSON) {
        #expect(complaintOf(with(Self.least, "token_set", value)) == "token_set")
    }

    @Test func `refuse a parameter that there is not`() {
        #expect(complaintOf(with(Self.least, "remember", true)) == "remember")
    }

    @Test func `show nothing when printed, dumped or reflected`() throws {
        let params = try ImportTokensParams(json: Self.least)
        var dumped = ""
        dump(params, to: &dumped)
        for text in ["\(params)", String(reflecting: params), dumped] { #expect(!text.contains("hunter2")) }
    }
}

@Suite struct `Params of update_account` {
    private func complaintOf(_ json: JSON?) -> String? {
        complaint { () throws(WireError) in try UpdateAccountParams(json: json) }
    }

    @Test(arguments: [
        UpdateAccountParams(account: "x", subscriptionKey: "k"), UpdateAccountParams(account: "x", password: "p"),
        UpdateAccountParams(account: "x", username: "u"),
        UpdateAccountParams(account: "x", subscriptionKey: "k", username: "u", password: "p"),
    ])
    func `take any part`(params: UpdateAccountParams) throws {
        #expect(try UpdateAccountParams(json: params.json) == params)
    }

    @Test(arguments: [["account": "x"], ["account": "x", "password": .null]] as [JSON])
    func `need something new`(json: JSON) {
        #expect(complaintOf(json)?.hasPrefix("update_account needs something new") == true)
    }

    @Test func `need an account`() {
        #expect(complaintOf(["password": "p"]) == "account")
    }

    @Test(arguments: ["subscription_key", "username", "password"], ["", 1] as [JSON])
    func `need strings with something in them`(name: String, value: JSON) {
        #expect(complaintOf(with(["account": "x"], name, value)) == name)
    }

    @Test func `show nothing when printed`() {
        #expect("\(UpdateAccountParams(account: "x", password: "hunter2"))" == "<UpdateAccountParams, redacted>")
    }
}

@Suite struct `Params of the other methods` {
    @Test(arguments: [Method.refresh, .validate, .logout])
    func `are an account`(method: Method) throws {
        #expect(try AccountParams(json: AccountParams(account: "x").json, of: method) == AccountParams(account: "x"))
        #expect(complaint { () throws(WireError) in try AccountParams(json: nil, of: method) } == "account")
        #expect(
            complaint { () throws(WireError) in try AccountParams(json: ["account": "x", "a": 1], of: method) } == "a"
        )
    }

    @Test func `are for status an account or none`() throws {
        #expect(try StatusParams(json: nil) == StatusParams())
        #expect(try StatusParams(json: [:]) == StatusParams())
        #expect(try StatusParams(json: StatusParams(account: "x").json) == StatusParams(account: "x"))
        #expect(complaint { () throws(WireError) in try StatusParams(json: ["account": ""]) } == "account")
    }

    @Test(arguments: [Method.hello, .listAccounts])
    func `are none`(method: Method) throws {
        #expect(try NoParams(json: nil, of: method) == NoParams())
        #expect(try NoParams(json: [:], of: method) == NoParams())
        #expect(complaint { () throws(WireError) in try NoParams(json: ["a": 1], of: method) } == "a")
        #expect(complaint { () throws(WireError) in try NoParams(json: [], of: method) } != nil)
        #expect(complaint { () throws(WireError) in try NoParams(json: 1, of: method) } != nil)
    }
}

@Suite struct `Params of reject_token` {
    private func complaintOf(_ json: JSON) -> String? {
        complaint { () throws(WireError) in try RejectTokenParams(json: json) }
    }

    @Test(arguments: [RejectTokenParams.Rejected.generation(7), .accessToken("eyJ.abc.def")])
    func `name the token by its generation or its text`(rejected: RejectTokenParams.Rejected) throws {
        let params = RejectTokenParams(account: "x", rejected: rejected)
        #expect(try RejectTokenParams(json: params.json) == params)
    }

    @Test(arguments: [
        (#"{"account":"x"}"#, "generation"), (#"{"generation":1}"#, "account"),
        (#"{"account":"x","generation":0}"#, "generation"), (#"{"account":"x","generation":"1"}"#, "generation"),
        (#"{"account":"x","generation":1.5}"#, "generation"), (#"{"account":"x","access_token":""}"#, "access_token"),
        (#"{"account":"x","access_token":7}"#, "access_token"), (#"{"account":"x","token":"t"}"#, "token"),
        (#"{"account":"x","generation":1,"access_token":"t"}"#, "access_token"),
    ])
    func `are refused where they name none or are wrong`(text: String, parameter: String) throws {
        #expect(complaintOf(try JSON.parse(text.utf8)) == parameter)
    }

    @Test func `show no token when printed, dumped or reflected`() {
        let params = RejectTokenParams(account: "x", rejected: .accessToken("eyJ.abc.def"))
        var dumped = ""
        dump(params, to: &dumped)
        for text in ["\(params)", String(reflecting: params), dumped] { #expect(!text.contains("eyJ")) }
    }
}
