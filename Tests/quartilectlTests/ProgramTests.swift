import Glibc
import QuartileWire
import Testing

/// Runs the program beside a daemon that answers every request of a method alike.
private func run(
    _ arguments: [String],
    _ answers: [Method: Result<JSON, WireError>] = [:],
    environment: [String: String] = [:],
    input: String = "",
    outputPath: String? = nil
) -> (outcome: Outcome, requests: [Request]) {
    let daemon = FakeDaemon { request, _ in
        let answer = Method(rawValue: request.method).flatMap { answers[$0] }
        return .send(
            Response(id: request.id ?? .null, outcome: answer ?? .failure(WireError(.internalError, "?"))).line
        )
    }
    defer { daemon.stop() }
    var program = BuiltProgram(input: input, outputPath: outputPath)
    program.environment = ["QUARTILED_SOCKET": daemon.path, "TZ": "UTC"].merging(environment) { $1 }
    return (program.run(arguments), daemon.requests)
}

private func account(_ name: String, _ state: WireAccount.State = .active) -> WireAccount {
    WireAccount(
        account: name,
        apiVersion: .v3,
        baseURL: "http://127.0.0.1:1",
        username: "ada@example.com",
        state: state,
        generation: 1,
        accessExpiresAt: 4_000_000_000,
        refreshExpiresAt: nil,
        nextRefreshAt: nil,
        passwordStored: true,
        offlineOKUntil: nil,
        lastError: nil
    )
}

private let token = WireToken(
    account: "x",
    accessToken: "eyJ.abc.def",
    tokenType: "Bearer",
    expiresAt: 1_795_600_800,
    expiresIn: 60,
    generation: 1,
    subscriptionKey: "abc123",
    subscriptionKeyHeader: "Subscription-Key"
).json

private func list(_ names: String...) -> [Method: Result<JSON, WireError>] {
    [.listAccounts: .success(ListAccountsResult(accounts: names.map { account($0) }).json)]
}

private let credentials = #"{"username":"ada@example.com","password":"hunter2","subscription_key":"abc123"}"#

@Suite struct `Program with a bad command line` {
    @Test(arguments: [
        ([], "quartilectl: a command is needed; run: quartilectl --help\n"),
        (["nonsense"], "quartilectl: unexpected argument 'nonsense'; run: quartilectl --help\n"),
        (["get-token", "--nope"], "quartilectl: unknown option '--nope'; run: quartilectl get-token --help\n"),
        (["list", "--watch"], "quartilectl: unknown option '--watch'; run: quartilectl list --help\n"),
        (
            ["get-token", "--account"],
            "quartilectl: missing value for '--account <name>'; run: quartilectl get-token --help\n"
        ),
        (
            ["get-token", "--min-valid", "soon"],
            "quartilectl: the value 'soon' is invalid for '--min-valid <time>'; run: quartilectl get-token --help\n"
        ),
        (
            ["import", "--account", "x"],
            "quartilectl: missing expected argument '--tokens <file>'; run: quartilectl import --help\n"
        ),
        (
            ["login", "--account", "x", "--api-version", "v1"],
            "quartilectl: v1 has no login, only tokens to import; run: quartilectl import --help\n"
        ),
        (
            ["get-token", "--account", "a b"],
            "quartilectl: an account's name is 1 to 64 of A-Z a-z 0-9 . _ @ + -, which the one given is not\n"
        ),
        (["list", "--socket", ""], "quartilectl: the socket path is empty\n"),
    ])
    func `exits with 64 and one line`(arguments: [String], line: String) {
        #expect(run(arguments).outcome == Outcome(status: 64, output: "", errors: line))
    }

    @Test(arguments: ["get-token", "login", "logout", "refresh", "validate", "update", "status"])
    func `refuses an account name outside the rule`(command: String) {
        let outcome = run([command, "--account", "a/b"]).outcome
        #expect(outcome.status == 64)
        #expect(outcome.errors.hasPrefix("quartilectl: an account's name is "))
    }

    @Test func `tells how long a socket path is`() {
        let path = "/tmp/" + String(repeating: "x", count: 103)
        let expected = "quartilectl: the socket path is 108 bytes long, and 107 are the most: \(path)\n"
        #expect(run(["list", "--socket", path]).outcome == Outcome(status: 64, output: "", errors: expected))
        #expect(run(["list"], environment: ["QUARTILED_SOCKET": path]).outcome.status == 78)
    }

    @Test func `names the accounts to choose from`() {
        let line = "quartilectl: --account must choose one of: a, b, c; run: quartilectl get-token --account a\n"
        #expect(run(["get-token"], list("b", "c", "a")).outcome == Outcome(status: 64, output: "", errors: line))
    }

    @Test func `says that there is no account yet`() {
        let line = "quartilectl: there is no account yet; run: quartilectl login --account NAME\n"
        #expect(run(["refresh"], list()).outcome == Outcome(status: 64, output: "", errors: line))
    }
}

@Suite struct `Program without a daemon` {
    @Test(arguments: ["get-token", "refresh", "validate", "logout", "status"])
    func `exits with 69 and says how to start one`(command: String) {
        let program = BuiltProgram(environment: ["QUARTILED_SOCKET": "/nonexistent/s"])
        let line = "quartilectl: no daemon listens at /nonexistent/s; run: quartiled --socket /nonexistent/s\n"
        #expect(program.run([command, "--account", "x"]) == Outcome(status: 69, output: "", errors: line))
    }

    @Test func `names the unit where the path is the usual one`() {
        let program = BuiltProgram(environment: ["XDG_RUNTIME_DIR": "/nonexistent"])
        let line =
            "quartilectl: no daemon listens at /nonexistent/quartiled/quartiled.sock; "
            + "run: systemctl --user start quartiled.socket (or, without systemd: quartiled)\n"
        #expect(program.run(["list"]) == Outcome(status: 69, output: "", errors: line))
    }
}

@Suite struct `Program by itself` {
    @Test func `prints its version`() {
        #expect(run(["--version"]).outcome == Outcome(status: 0, output: "0.1.0\n", errors: ""))
    }

    @Test(arguments: [["--help"], ["-h"], ["help"], ["help", "login"], ["login", "--help"], ["get-token", "-h"]])
    func `prints help`(arguments: [String]) {
        let outcome = run(arguments).outcome
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("USAGE: quartilectl"))
        #expect(outcome.errors == "")
    }

    @Test(arguments: [
        ["--socket", "/nonexistent/s", "list"], ["list", "--socket", "/nonexistent/s"],
        ["--socket=/nonexistent/s", "get-token", "--account", "x"],
        ["get-token", "--account", "x", "--socket=/nonexistent/s"],
    ])
    func `takes the socket before or after the command`(arguments: [String]) {
        #expect(run(arguments).outcome.errors.contains("no daemon listens at /nonexistent/s"))
    }

    @Test(arguments: FailureTests.sentences)
    func `exits by the daemon's error`(code: ErrorCode, line: String, exitCode: Int32) {
        let outcome = run(["get-token", "--account", "x"], [.getToken: .failure(WireError(code, "it is so"))]).outcome
        #expect(outcome == Outcome(status: exitCode, output: "", errors: line))
    }

    @Test(arguments: ["/dev/full", "-"])
    func `fails where its output can't be written`(path: String) {
        let outcome = run(["get-token", "--account", "x"], [.getToken: .success(token)], outputPath: path).outcome
        #expect(outcome.status == 74)
        #expect(outcome.errors.hasPrefix("quartilectl: can't write to standard output: "))
        #expect(run(["--version"], outputPath: path).outcome.status == 74)
    }

    @Test func `refuses an answer that is no token`() {
        let outcome = run(["get-token", "--account", "x"], [.getToken: .success(["account": "x"])]).outcome
        #expect(outcome.status == 76)
        #expect(outcome.output == "")
    }
}

@Suite struct `Program's get-token` {
    @Test(arguments: [
        ("raw", "eyJ.abc.def\n"), ("json", token.text + "\n"),
        ("header", "Authorization: Bearer eyJ.abc.def\nSubscription-Key: abc123\n"),
        ("env", "QUARTILE_ACCESS_TOKEN='eyJ.abc.def'\nQUARTILE_SUBSCRIPTION_KEY='abc123'\n"),
    ])
    func `prints the format asked for`(format: String, expected: String) {
        let outcome = run(["get-token", "--account", "x", "--format", format], [.getToken: .success(token)]).outcome
        #expect(outcome == Outcome(status: 0, output: expected, errors: ""))
    }

    @Test func `passes on what it was told`() {
        let (_, requests) = run(
            ["get-token", "--account", "x", "--min-valid", "15m", "--max-wait", "2s"],
            [.getToken: .success(token)]
        )
        #expect(requests.map(\.params) == [GetTokenParams(account: "x", minValid: 900, maxWait: 2).json])
    }

    @Test func `takes the only account there is`() {
        let answers = list("only").merging([.getToken: .success(token)]) { $1 }
        let (outcome, requests) = run(["get-token"], answers)
        #expect(outcome.output == "eyJ.abc.def\n")
        #expect(requests.last?.params == GetTokenParams(account: "only").json)
    }

    /// A `--` at the end means nothing, but is not plain, so that the argument parser reads the line.
    @Test(arguments: [
        ["get-token", "--account", "x"], ["get-token", "--account", "x", "--format", "env"], ["get-token"],
        ["get-token", "--account", "a b"], ["get-token", "--account", "x", "--socket", "/nonexistent/s"],
        ["get-token", "--account", "y", "--min-valid", "1h"],
    ])
    func `does the same with and without the argument parser`(arguments: [String]) {
        let good: [Method: Result<JSON, WireError>] = [.getToken: .success(token)]
        let bad: [Method: Result<JSON, WireError>] = [.getToken: .failure(WireError(.loginRequired, "no", retryAt: 5))]
        for answers in [good, bad, list("a").merging(good) { $1 }, list("a", "b")] {
            let (short, shortRequests) = run(arguments, answers)
            let (long, longRequests) = run(arguments + ["--"], answers)
            #expect(short == long)
            #expect(shortRequests == longRequests)
        }
    }
}

@Suite struct `Program's login` {
    private static func login(
        _ arguments: [String],
        among accounts: [WireAccount] = [],
        input: String = credentials
    ) -> (outcome: Outcome, params: LoginParams?) {
        let (outcome, requests) = run(
            ["login"] + arguments,
            [
                .listAccounts: .success(ListAccountsResult(accounts: accounts).json),
                .login: .success(account("x").json),
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
        let (_, params) = Self.login(["--credentials", "-"], among: [account("x")])
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

@Suite struct `Program's other commands` {
    @Test func `print JSON as it came`() {
        let result = ListAccountsResult(accounts: [account("ü")]).json
        let outcome = run(["list", "--json"], [.listAccounts: .success(result)], environment: ["LC_ALL": "C"]).outcome
        #expect(outcome == Outcome(status: 0, output: result.text + "\n", errors: ""))
    }

    @Test func `say that there is no account`() {
        let outcome = run(["list"], list()).outcome
        #expect(outcome.output == "There is no account yet. Run: quartilectl login --account NAME\n")
    }

    @Test(
        arguments: [([.active], 0), ([.active, .expired], 1), ([.loginRequired], 2)] as [([WireAccount.State], Int32)]
    )
    func `check by exit code alone`(states: [WireAccount.State], code: Int32) {
        let accounts = states.map { account("x", $0) }
        let status = WireStatus(version: "0.1.0", pid: 1, uptime: 1, state: .ready, accounts: accounts)
        let outcome = run(["status", "--check"], [.status: .success(status.json)]).outcome
        #expect(outcome == Outcome(status: code, output: "", errors: ""))
    }

    @Test func `validate to 0 and 1`() {
        func validate(_ valid: Bool) -> Outcome {
            let result = ValidateResult(valid: valid, checkedAt: 0).json
            return run(["validate", "--account", "x"], [.validate: .success(result)]).outcome
        }
        #expect(validate(true).status == 0)
        #expect(validate(true).output.hasPrefix("x: the API takes the token, asked "))
        #expect(validate(false).status == 1)
        #expect(validate(false).output == "")
        #expect(validate(false).errors.hasSuffix("; run: quartilectl refresh --account x\n"))
    }

    @Test func `log out`() {
        let (outcome, requests) = run(["logout", "--account", "x"], [.logout: .success(LogoutResult().json)])
        #expect(outcome == Outcome(status: 0, output: "x: removed, nothing of it is kept\n", errors: ""))
        #expect(requests.map(\.params) == [["account": "x"]])
    }

    @Test func `update by file`() {
        let answers: [Method: Result<JSON, WireError>] = [.updateAccount: .success(account("x").json)]
        let (_, requests) = run(
            ["update", "--account", "x", "--credentials", "-"],
            answers,
            input: #"{"password":"p"}"#
        )
        #expect(requests.map(\.params) == [["account": "x", "password": "p"]])
    }

    @Test func `import a token set and a key by file`() {
        let directory = makeTemporaryDirectory()
        let path = directory + "/key"
        let file = open(path, O_WRONLY | O_CREAT, 0o600)
        write(file, " abc123\n", 8)
        close(file)
        defer {
            unlink(path)
            rmdir(directory)
        }
        let arguments = ["import", "--account", "x", "--tokens", "-", "--subscription-key-file", path]
        let answers = list().merging([.importTokens: .success(account("x").json)]) { $1 }
        let (outcome, requests) = run(
            arguments + ["--api-version", "v1"],
            answers,
            input: #"{"refresh":{"token":"t"}}"#
        )
        #expect(outcome.status == 0)
        let expected: JSON = [
            "account": "x", "token_set": ["refresh": ["token": "t"]], "subscription_key": "abc123", "api_version": "v1",
        ]
        #expect(requests.last?.params == expected)
        #expect(run(arguments, answers, input: "[1]").outcome.status == 64)
        #expect(run(arguments, answers, input: "hunter2").outcome.errors.contains("hunter2") == false)
    }
}

@Suite struct `Program that rejects a token` {
    private static let answer: [Method: Result<JSON, WireError>] = [
        .rejectToken: .success(RejectTokenResult(.refreshed, generation: 8).json)
    ]

    @Test(arguments: [
        (RejectTokenResult.Outcome.refreshed, "x: refreshed, the token is now of generation 8\n"),
        (.alreadyReplaced, "x: already replaced, the token is of generation 8\n"),
        (.tooSoon, "x: not refreshed, the last refresh was less than 30 s ago (generation 8)\n"),
    ])
    func `says what came of it`(outcome: RejectTokenResult.Outcome, line: String) {
        let answer: [Method: Result<JSON, WireError>] = [
            .rejectToken: .success(RejectTokenResult(outcome, generation: 8).json)
        ]
        let (result, requests) = run(["reject", "--account", "x", "--generation", "7"], answer)
        #expect(result == Outcome(status: 0, output: line, errors: ""))
        #expect(requests.map(\.params) == [["account": "x", "generation": 7]])
    }

    @Test func `reads the token from standard input`() {
        let (result, requests) = run(["reject", "--account", "x"], Self.answer, input: " eyJ.abc.def\n")
        #expect(result.status == 0)
        #expect(requests.map(\.params) == [["account": "x", "access_token": "eyJ.abc.def"]])
    }

    @Test(arguments: ["", "\n", "one two"])
    func `needs the token alone there`(input: String) {
        let (result, requests) = run(["reject", "--account", "x"], Self.answer, input: input)
        #expect(result.status == 64)
        #expect(result.errors.contains("the refused token on standard input must be there alone"))
        #expect(requests.isEmpty)
    }

    @Test(arguments: ["0", "-1", "one", "1.5"])
    func `takes no generation that can't be`(generation: String) {
        let (result, requests) = run(["reject", "--account", "x", "--generation=\(generation)"], Self.answer)
        #expect(result.status == 64)
        #expect(!result.errors.contains("message:"), "\(result.errors)")
        #expect(requests.isEmpty)
    }
}
