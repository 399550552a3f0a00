import Glibc
import QuartileWire
import Testing

@Suite struct `Program's login` {
    private static func login(
        _ arguments: [String],
        among accounts: [WireAccount] = [],
        input: String = credentials
    ) -> (outcome: Outcome, params: LoginParams?) {
        let (outcome, requests) = runProgram(
            ["login"] + arguments,
            [
                .listAccounts: .success(ListAccountsResult(accounts: accounts).json),
                .login: .success(wireAccount("x").json),
            ],
            input: input
        )
        let params = requests.last { $0.method == "login" }?.params
        return (outcome, params.flatMap { try? LoginParams(json: $0) })  // No request is one of the outcomes.
    }

    @Test func `sends the credentials from standard input`() {
        let (outcome, params) = Self.login(["--account", "x", "--credentials", "-"])
        #expect(
            outcome
                == Outcome(
                    status: 0,
                    output: "x: active, token ends in \(days()) (2 Oct 2096 07:06 +0000)\n",
                    errors: ""
                )
        )
        #expect(
            params
                == LoginParams(
                    account: "x",
                    username: "ada@example.com",
                    password: "hunter2",
                    subscriptionKey: "abc123"
                )
        )
    }

    private func days() -> String { "\((4_000_000_000 - time(nil)) / 86_400) d" }

    @Test func `passes on what it was told`() {
        let options = ["--api-version", "v3", "--base-url", "http://127.0.0.1:9", "--no-remember", "--if-changed"]
        let (_, params) = Self.login(["--account", "x", "--credentials", "-"] + options)
        #expect(params?.apiVersion == .v3)
        #expect(params?.baseURL == "http://127.0.0.1:9")
        #expect(params?.remember == false)
        #expect(params?.ifChanged == true)
    }

    @Test func `keeps the API of an account that is there`() {
        let (_, params) = Self.login(["--credentials", "-"], among: [wireAccount("x")])
        #expect(params?.account == "x")
        #expect(params?.apiVersion == .v3)
        #expect(params?.baseURL == "http://127.0.0.1:1")
    }

    @Test(arguments: ["", "hunter2", "{}", #"{"username":"u","password":"hunter2"}"#, "[\"hunter2\"]"])
    func `exits with 64 on other input and quotes none of it`(input: String) {
        let (outcome, params) = Self.login(["--account", "x", "--credentials", "-"], input: input)
        #expect(outcome.status == 64)
        #expect(outcome.output == "")
        #expect(!outcome.errors.contains("hunter2"))
        #expect(outcome.errors.hasPrefix("quartilectl: the credentials on standard input "))
        #expect(params == nil)
    }

    @Test func `exits with 64 on a file that is not there`() {
        let (outcome, _) = Self.login(["--account", "x", "--credentials", "/nonexistent/c"])
        let line = "quartilectl: the credentials file /nonexistent/c can't be opened: No such file or directory\n"
        #expect(outcome == Outcome(status: 64, output: "", errors: line))
    }

    @Test func `exits with 64 where there is no terminal to ask on`() {
        let (outcome, _) = Self.login(["--account", "x"])
        let line = "quartilectl: there is no terminal to ask on: give --credentials FILE\n"
        #expect(outcome == Outcome(status: 64, output: "", errors: line))
    }
}
