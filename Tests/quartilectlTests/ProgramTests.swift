import Glibc
import QuartileWire
import Testing

@Suite struct `Program with a bad command line` {
    @Test(arguments: [
        ([], "quartilectl: a command is needed; run: quartilectl --help\n"),
        (["nonsense"], "quartilectl: unexpected argument 'nonsense'; run: quartilectl --help\n"),
        (
            ["reject", "--generation", "hunter 2  horse"],
            "quartilectl: the value '...' is invalid for '--generation <number>'; run: quartilectl reject --help\n"
        ),
        (["correcthorse"], "quartilectl: unexpected argument '...'; run: quartilectl --help\n"),
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
        #expect(runProgram(arguments).outcome == Outcome(status: 64, output: "", errors: line))
    }

    @Test(arguments: ["get-token", "login", "logout", "refresh", "validate", "update", "status"])
    func `refuses an account name outside the rule`(command: String) {
        let outcome = runProgram([command, "--account", "a/b"]).outcome
        #expect(outcome.status == 64)
        #expect(outcome.errors.hasPrefix("quartilectl: an account's name is "))
    }

    @Test func `tells how long a socket path is`() {
        let path = "/tmp/" + String(repeating: "x", count: 103)
        let expected = "quartilectl: the socket path is 108 bytes long, and 107 are the most: \(path)\n"
        #expect(runProgram(["list", "--socket", path]).outcome == Outcome(status: 64, output: "", errors: expected))
        #expect(runProgram(["list"], environment: ["QUARTILED_SOCKET": path]).outcome.status == 78)
    }

    @Test func `names the accounts to choose from`() {
        let line = "quartilectl: --account must choose one of: a, b, c; run: quartilectl get-token --account a\n"
        #expect(runProgram(["get-token"], list("b", "c", "a")).outcome == Outcome(status: 64, output: "", errors: line))
    }

    @Test func `says that there is no account yet`() {
        let line = "quartilectl: there is no account yet; run: quartilectl login --account NAME\n"
        #expect(runProgram(["refresh"], list()).outcome == Outcome(status: 64, output: "", errors: line))
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
        #expect(runProgram(["--version"]).outcome == Outcome(status: 0, output: "0.1.0\n", errors: ""))
    }

    @Test(arguments: [["--help"], ["-h"], ["help"], ["help", "login"], ["login", "--help"], ["get-token", "-h"]])
    func `prints help`(arguments: [String]) {
        let outcome = runProgram(arguments).outcome
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
        #expect(runProgram(arguments).outcome.errors.contains("no daemon listens at /nonexistent/s"))
    }

    @Test(arguments: FailureTests.sentences)
    func `exits by the daemon's error`(code: ErrorCode, line: String, exitCode: Int32) {
        let outcome = runProgram(["get-token", "--account", "x"], [.getToken: .failure(WireError(code, "it is so"))])
            .outcome
        #expect(outcome == Outcome(status: exitCode, output: "", errors: line))
    }

    @Test(arguments: ["/dev/full", "-"])
    func `fails where its output can't be written`(path: String) {
        let outcome = runProgram(["get-token", "--account", "x"], [.getToken: .success(token)], outputPath: path)
            .outcome
        #expect(outcome.status == 74)
        #expect(outcome.errors.hasPrefix("quartilectl: can't write to standard output: "))
        #expect(runProgram(["--version"], outputPath: path).outcome.status == 74)
    }

    @Test func `refuses an answer that is no token`() {
        let outcome = runProgram(["get-token", "--account", "x"], [.getToken: .success(["account": "x"])]).outcome
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
        let outcome = runProgram(["get-token", "--account", "x", "--format", format], [.getToken: .success(token)])
            .outcome
        #expect(outcome == Outcome(status: 0, output: expected, errors: ""))
    }

    @Test func `passes on what it was told`() {
        let (_, requests) = runProgram(
            ["get-token", "--account", "x", "--min-valid", "15m", "--max-wait", "2s"],
            [.getToken: .success(token)]
        )
        #expect(requests.map(\.params) == [GetTokenParams(account: "x", minValid: 900, maxWait: 2).json])
    }

    @Test func `takes the only account there is`() {
        let answers = list("only").merging([.getToken: .success(token)]) { $1 }
        let (outcome, requests) = runProgram(["get-token"], answers)
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
            let (short, shortRequests) = runProgram(arguments, answers)
            let (long, longRequests) = runProgram(arguments + ["--"], answers)
            #expect(short == long)
            #expect(shortRequests == longRequests)
        }
    }
}

@Suite struct `Program's other commands` {
    @Test func `print JSON as it came`() {
        let result = ListAccountsResult(accounts: [wireAccount("ü")]).json
        let outcome = runProgram(["list", "--json"], [.listAccounts: .success(result)], environment: ["LC_ALL": "C"])
            .outcome
        #expect(outcome == Outcome(status: 0, output: result.text + "\n", errors: ""))
    }

    @Test func `say that there is no account`() {
        let outcome = runProgram(["list"], list()).outcome
        #expect(outcome.output == "There is no account yet. Run: quartilectl login --account NAME\n")
    }

    @Test(
        arguments: [([.active], 0), ([.active, .expired], 1), ([.loginRequired], 2)] as [([WireAccount.State], Int32)]
    )
    func `check by exit code alone`(states: [WireAccount.State], code: Int32) {
        let accounts = states.map { wireAccount("x", $0) }
        let status = WireStatus(version: "0.1.0", pid: 1, uptime: 1, state: .ready, accounts: accounts)
        let outcome = runProgram(["status", "--check"], [.status: .success(status.json)]).outcome
        #expect(outcome == Outcome(status: code, output: "", errors: ""))
    }

    @Test func `validate to 0 and 1`() {
        func validate(_ valid: Bool) -> Outcome {
            let result = ValidateResult(valid: valid, checkedAt: 0).json
            return runProgram(["validate", "--account", "x"], [.validate: .success(result)]).outcome
        }
        #expect(validate(true).status == 0)
        #expect(validate(true).output.hasPrefix("x: the API takes the token, asked "))
        #expect(validate(false).status == 1)
        #expect(validate(false).output == "")
        #expect(validate(false).errors.hasSuffix("; run: quartilectl refresh --account x\n"))
    }

    @Test func `log out`() {
        let (outcome, requests) = runProgram(["logout", "--account", "x"], [.logout: .success(LogoutResult().json)])
        #expect(outcome == Outcome(status: 0, output: "x: removed, nothing of it is kept\n", errors: ""))
        #expect(requests.map(\.params) == [["account": "x"]])
    }

    @Test func `update by file`() {
        let answers: [Method: Result<JSON, WireError>] = [.updateAccount: .success(wireAccount("x").json)]
        let (_, requests) = runProgram(
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
        let answers = list().merging([.importTokens: .success(wireAccount("x").json)]) { $1 }
        let (outcome, requests) = runProgram(
            arguments + ["--api-version", "v1"],
            answers,
            input: #"{"refresh":{"token":"t"}}"#
        )
        #expect(outcome.status == 0)
        let expected: JSON = [
            "account": "x", "token_set": ["refresh": ["token": "t"]], "subscription_key": "abc123", "api_version": "v1",
        ]
        #expect(requests.last?.params == expected)
        #expect(runProgram(arguments, answers, input: "[1]").outcome.status == 64)
        #expect(runProgram(arguments, answers, input: "hunter2").outcome.errors.contains("hunter2") == false)
    }
}
