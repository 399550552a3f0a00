import EndToEndHarness
import Foundation
import Testing

/// Bad usage of the programs, and what they say of it.
@Suite(.endToEnd) struct CommandLineTests {
    private let home: Home

    init() throws { home = try Home() }

    /// Runs `quartilectl`, which must fail with this code, one line and no output.
    @discardableResult
    private func refusal(_ code: Int32, _ arguments: [String], input: String = "") async throws -> String {
        let run = try await home.run(.quartilectl, arguments, input: .text(input))
        #expect(run.end == .exit(code), "\(arguments): \(run.errors)")
        #expect(run.output.isEmpty)
        #expect(run.errors.hasPrefix("quartilectl: "), "\(arguments): \(run.errors)")
        #expect(run.errors.split(separator: "\n", omittingEmptySubsequences: false).count == 2, "\(run.errors)")
        return run.errors
    }

    @Test(arguments: [Program.quartiled, .quartilectl, .sandbox])
    func everyProgramExplainsItself(program: Program) async throws {
        let help = try await home.run(program, ["--help"]).expect(0)
        #expect(help.output.contains("USAGE"))
        #expect(help.errors.isEmpty)
        let version = try await home.run(program, ["--version"]).expect(0)
        #expect(version.output.contains(/[0-9]+\.[0-9]+\.[0-9]+/))
        let unknown = try await home.run(program, ["--nope"]).expect(64)
        #expect(unknown.output.isEmpty)
        #expect(unknown.errors.contains("--nope"))
    }

    @Test func badUsageIs64() async throws {
        for arguments in [
            ["fly"], ["get-token", "--nope"], ["get-token", "--format", "xml"], ["get-token", "--min-valid", "soon"],
            ["get-token", "--account"], ["get-token", "more"], ["status", "--nope"], ["login", "--api-version", "v9"],
            ["login", "--account", "ada", "--api-version", "v1"], ["import", "--account", "ada"], ["--socket"],
        ] {
            let run = try await home.run(.quartilectl, arguments)
            #expect(run.end == .exit(64), "\(arguments): \(run.errors)")
            #expect(run.output.isEmpty)
            #expect(run.errors.hasPrefix("quartilectl: "), "\(run.errors)")
        }
        let daemon = try await home.run(.quartiled, ["extra"]).expect(64)
        #expect(daemon.output.isEmpty)
    }

    @Test(arguments: ["", "a b", "a/b", "ä", "a\n", String(repeating: "a", count: 65)])
    func anAccountNameOutsideTheRuleIs64(name: String) async throws {
        for command in [["get-token"], ["refresh"], ["logout"], ["status"], ["validate"], ["update"], ["login"]] {
            try await refusal(64, command + ["--account", name])
        }
    }

    @Test func noDaemonIs69AndSaysHowToStartOne() async throws {
        let absent = try await refusal(69, ["get-token", "--account", "ada"])
        #expect(absent.contains(home.socket))
        #expect(absent.contains("quartiled"))
        // The plain form of get-token and every other command say the same.
        #expect(try await refusal(69, ["list"]).contains(home.socket))
        #expect(try await refusal(69, ["get-token"]) == (try await refusal(69, ["list"])))

        let daemon = try await Daemon(home)
        try await daemon.kill()
        #expect(FileManager.default.fileExists(atPath: home.socket))
        #expect(try await refusal(69, ["get-token", "--account", "ada"]).contains(home.socket))
    }

    @Test func aCredentialsFileMustBeWhatItShouldBe() async throws {
        _ = try await Daemon(home)
        let key = String(repeating: "k1", count: 16)
        let login = ["login", "--account", "ada", "--credentials"]
        for text in [
            "", "hunter2-horse", "[]", "{", #"{"username":"ada@example.com"}"#,
            #"{"username":1,"password":"hunter2-horse"}"#,
            #"{"username":"ada@example.com","password":"hunter2-horse","subscription_key":""}"#,
            #"{"username":"ada@example.com","password":"hunter2-horse","subscription_key":"\#(key)","colour":"red"}"#,
        ] {
            let path = try World.current.file("credentials", text)
            let line = try await refusal(64, login + [path])
            #expect(line.contains(path))
            #expect(!line.contains("hunter2"), "no secret in an error")
            try await refusal(64, login + ["-"], input: text)
        }
        try await refusal(64, login + [home.directory + "/absent"])
        let tokens = try World.current.file("tokens", "not JSON")
        let keyFile = try World.current.file("key", key)
        let line = try await refusal(
            64,
            ["import", "--account", "a", "--tokens", tokens, "--subscription-key-file", keyFile]
        )
        #expect(line.contains(tokens))
        try await refusal(64, ["update", "--account", "a", "--subscription-key-file", home.directory + "/absent"])
        #expect(try await home.ctl("list", "--json").expect(0).output.contains("ada") == false)
    }

    @Test func withoutATerminalNothingIsAsked() async throws {
        _ = try await Daemon(home)
        let line = try await refusal(64, ["login", "--account", "ada"])
        #expect(line.contains("--credentials"))
    }

    @Test func theAccountMayBeLeftOutWhereThereIsOne() async throws {
        let sandbox = try await Sandbox()
        _ = try await Daemon(home)
        #expect(try await refusal(64, ["get-token"]).contains("quartilectl login"))
        try await home.logIn("ada", to: sandbox)
        try await home.ctl("get-token").expect(0)
        try await home.ctl("validate").expect(0)
        try await home.logIn("bob", to: sandbox)
        let line = try await refusal(64, ["get-token"])
        #expect(line.contains("ada") && line.contains("bob"))
        #expect(try await refusal(67, ["get-token", "--account", "eve"]).contains("eve"))
    }

    @Test func anAPIThatCannotBeReachedIs75() async throws {
        _ = try await Daemon(home)
        let key = String(repeating: "k1", count: 16)
        let login = ["login", "--account", "ada", "--credentials", "-", "--base-url"]
        let credentials = #"{"username":"ada@example.com","password":"hunter2-horse","subscription_key":"\#(key)"}"#
        try await refusal(75, login + ["http://127.0.0.1:9"], input: credentials)
        #expect(try await refusal(76, login + ["http://192.0.2.1"], input: credentials).contains("https:"))
        try await refusal(67, ["get-token", "--account", "ada"])
    }
}
