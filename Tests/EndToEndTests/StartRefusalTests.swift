import EndToEndHarness
import Foundation
import Testing

/// A daemon that must not start says why in one line, and leaves everything as it was.
@Suite(.endToEnd) struct StartRefusalTests {
    /// Runs the daemon to its end and returns the line that it leaves.
    private func refusal(
        _ home: Home,
        _ code: Int32,
        _ arguments: [String] = [],
        _ environment: [String: String?] = [:]
    ) async throws -> String {
        let run = try await home.run(.quartiled, arguments, environment: environment).expect(code)
        #expect(run.output.isEmpty)
        #expect(run.errors.hasPrefix("quartiled: "), "\(run.errors)")
        #expect(
            run.errors.split(separator: "\n", omittingEmptySubsequences: false).count == 2,
            "one line: \(run.errors)"
        )
        return run.errors
    }

    struct Wrong: Sendable {
        let yaml: String
        /// What the line must hold beside the file's name.
        let needles: [String]

        init(_ yaml: String, _ needles: String...) {
            self.yaml = yaml
            self.needles = needles
        }
    }

    @Test func aWrongOptionIsNamedUnlessItMayBeASecret() async throws {
        let home = try Home()
        for (argument, line) in [
            ("--nope", "Unknown option '--nope'"), ("--scket", "Unknown option '--scket'. Did you mean '--socket'?"),
            ("--socket", "Missing value for '--socket <socket>'"), ("-p", "Unknown option '-p'"),
            ("-pHunter2X", "there is an argument that is no option"),
            ("-uada:Hunter2", "there is an argument that is no option"),
            ("--HUNTER2=x", "there is an argument that is no option"),
        ] {
            #expect(try await refusal(home, 64, [argument]) == "quartiled: \(line); run: quartiled --help\n")
        }
    }

    @Test func aWrongConfigurationNamesFileKeyAndRemedy() async throws {
        let home = try Home()
        for wrong in [
            Wrong("api:\n  base_url: http://192.0.2.1\n", ":2:", "api.base_url", "https"),
            Wrong("api:\n  version: v7\n", "api.version", "v1, v2 or v3"),
            Wrong("api:\n  timeout: soon\n", "api.timeout"),
            Wrong("refresh:\n  margin: -1h\n", "refresh.margin"), Wrong("login:\n  budget: many\n", "login.budget"),
            Wrong("log:\n  level: loud\n", "log.level", "trace"), Wrong("log:\n  level: [info]\n", "log.level"),
            Wrong("refresh:\n  margn: 1h\n", "refresh.margn", "did you mean", "refresh.margin"),
            Wrong("colour: red\n", "colour"), Wrong("api: {\n", "YAML"), Wrong("- api\n", "map"),
            Wrong("\u{1}", "YAML"),
            Wrong("api:\n  version: v2\n  version: v3\n", "version", "twice"),
        ] {
            try home.configure(wrong.yaml)
            let line = try await refusal(home, 78)
            #expect(line.contains(home.configuration), "\(line)")
            for needle in wrong.needles { #expect(line.contains(needle), "\(wrong.yaml): \(line)") }
        }
        #expect(!FileManager.default.fileExists(atPath: home.state))
    }

    @Test func aConfigurationThatCannotBeReadIsRefused() async throws {
        let home = try Home()
        try FileManager.default.createDirectory(atPath: home.configuration, withIntermediateDirectories: true)
        #expect(try await refusal(home, 78).contains(home.configuration))
        let absent = home.directory + "/absent.yaml"
        #expect(try await refusal(home, 78, ["--config", absent]).contains(absent))
        #expect(try await refusal(home, 78, [], ["QUARTILED_CONFIG": absent]).contains(absent))
    }

    @Test func aWrongVariableIsNamed() async throws {
        let home = try Home()
        for (name, value) in [
            ("QUARTILED_REFRESH_MARGIN", "soon"), ("QUARTILED_LOGIN_BUDGET", "-1"), ("QUARTILED_LOG_LEVEL", "loud"),
            ("QUARTILED_API_BASE_URL", "ftp://127.0.0.1"), ("QUARTILED_REFRESH_MARGN", "1h"),
        ] {
            #expect(try await refusal(home, 78, [], [name: value]).contains(name))
        }
    }

    @Test func theEnvironmentWinsOverTheFile() async throws {
        let home = try Home()
        try home.configure("refresh:\n  margin: 30m\nlog:\n  level: info\n")
        let daemon = try await Daemon(home, environment: ["QUARTILED_LOG_LEVEL": "critical"])
        #expect(try await daemon.stop() == .exit(0))
        #expect(daemon.log.isEmpty)
    }

    @Test func aSocketPathMustFit() async throws {
        let home = try Home()
        let long = home.directory + "/" + String(repeating: "s", count: 107 - home.directory.utf8.count)
        #expect(long.utf8.count == 108)
        for line in [
            try await refusal(home, 78, ["--socket", long]),
            try await refusal(home, 78, [], ["QUARTILED_SOCKET": long]),
        ] {
            #expect(line.contains("107"))
            #expect(line.contains("--socket"))
        }
        let fitting = String(long.dropLast())
        let process = try home.start(.quartiled, ["--socket", fitting])
        try await eventually("a daemon at the longest path") {
            try await home.ctl("--socket", fitting, "list").end == .exit(0)
        }
        process.signal(SIGTERM)
        #expect(try await process.waitForEnd() == .exit(0))

        let client = try await home.ctl("--socket", long, "list")
        #expect(client.end == .exit(64) || client.end == .exit(78))
        #expect(client.errors.contains("107"))
    }

    @Test func aSecondDaemonOnTheSameDatabaseIsRefused() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await Daemon(home)
        try await home.logIn("ada", to: sandbox)
        let line = try await refusal(home, 75, ["--socket", home.runtime + "/second.sock"])
        #expect(line.contains("\(daemon.pid)"))
        #expect(line.contains(home.database))
        // By another name of the same file, too.
        let link = home.directory + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: home.state)
        let other = ["--socket", home.runtime + "/third.sock", "--database", link + "/quartiled/quartiled.db"]
        #expect(try await refusal(home, 75, other).contains("\(daemon.pid)"))
        #expect(try await home.token("ada")["generation"] == 1)
        #expect(daemon.process.end == nil)
    }

    @Test func aSecondDaemonAtTheSameSocketIsRefused() async throws {
        let home = try Home()
        let daemon = try await Daemon(home)
        let line = try await refusal(home, 75, ["--database", home.directory + "/other/quartiled.db"])
        #expect(line.contains("\(daemon.pid)"))
        #expect(line.contains(home.socket))
        #expect(try await WireClient(home).call("hello")["result"]?["pid"]?.int == Int(daemon.pid))
    }

    @Test func ofManyStartedAtOnceOneRuns() async throws {
        let home = try Home()
        let first = try await Daemon(home)
        try await first.kill()
        let crowd = try (0..<8).map { _ in try home.start(.quartiled) }
        try await eventually("the end of all but one") { crowd.count { $0.end == nil } == 1 }
        #expect(crowd.compactMap(\.end).allSatisfy { $0 == .exit(75) })
        let winner = try #require(crowd.first { $0.end == nil })
        try await eventually("its answer") {
            try await home.ctl("list").end == .exit(0)
        }
        #expect(try await WireClient(home).call("hello")["result"]?["pid"]?.int == Int(winner.pid))
    }

    @Test func whatIsNoDatabaseIsLeftAsItIs() async throws {
        let home = try Home()
        try FileManager.default.createDirectory(atPath: home.state, withIntermediateDirectories: true)
        try makeDirectory(home.state + "/quartiled")
        for content in [
            Data("Dear diary, this is no database.\n".utf8), Data(),
            Data("SQLite format 3\0".utf8 + [UInt8](repeating: 7, count: 5000)),
            Data((0..<8192).map { _ in UInt8.random(in: 0...255) }),
        ] {
            try content.write(to: URL(filePath: home.database))
            #expect(try await refusal(home, 74).contains(home.database))
            #expect(try Data(contentsOf: URL(filePath: home.database)) == content)
            #expect(!FileManager.default.fileExists(atPath: home.socket))
        }
    }

    @Test func aDamagedDatabaseIsLeftAsItIs() async throws {
        let home = try await homeWithAnAccount()
        let whole = try Data(contentsOf: URL(filePath: home.database))
        for damaged in [
            whole.prefix(whole.count / 2), whole.prefix(100) + Data(repeating: 0x55, count: whole.count - 100),
            whole.prefix(8192) + Data(count: 4096) + whole.dropFirst(12288),
        ] {
            try damaged.write(to: URL(filePath: home.database))
            #expect(try await refusal(home, 74).contains(home.database))
            #expect(try Data(contentsOf: URL(filePath: home.database)) == damaged)
        }
        try whole.write(to: URL(filePath: home.database))
        _ = try await Daemon(home)
        #expect(try await home.token("ada")["generation"] == 1)
    }

    @Test func aDatabaseOfANewerVersionIsLeftAsItIs() async throws {
        let home = try await homeWithAnAccount()
        var file = try Data(contentsOf: URL(filePath: home.database))
        // The user_version of an SQLite file (sqlite.org/fileformat2.html, section 1.3).
        file.replaceSubrange(60..<64, with: [0, 0, 0, 200])
        try file.write(to: URL(filePath: home.database))
        let line = try await refusal(home, 78)
        #expect(line.contains(home.database))
        #expect(line.contains("newer"))
        #expect(try Data(contentsOf: URL(filePath: home.database)) == file)
    }

    @Test func aKeyThatIsNotTheRightOneChangesNothing() async throws {
        let home = try await homeWithAnAccount()
        let database = try Data(contentsOf: URL(filePath: home.database))
        let key = try Data(contentsOf: URL(filePath: home.key))
        func check(_ content: Data?) async throws {
            try FileManager.default.removeItem(atPath: home.key)
            if let content {
                let made = FileManager.default.createFile(
                    atPath: home.key,
                    contents: content,
                    attributes: [.posixPermissions: 0o600]
                )
                try #require(made)
            }
            #expect(try await refusal(home, 78).contains(content?.count == key.count ? home.database : home.key))
            #expect(try Data(contentsOf: URL(filePath: home.database)) == database)
            #expect(FileManager.default.contents(atPath: home.key) == content, "never remade")
            if content == nil {
                _ = FileManager.default.createFile(atPath: home.key, contents: Data())
            }
        }
        try await check(Data((Data(repeating: 7, count: 32).base64EncodedString() + "\n").utf8))
        try await check(Data("not a key\n".utf8))
        try await check(nil)

        try key.write(to: URL(filePath: home.key))
        try #require(chmod(home.key, 0o644) == 0)
        #expect(try await refusal(home, 78).contains("chmod 600 \(home.key)"))
        try #require(chmod(home.key, 0o600) == 0)
        _ = try await Daemon(home)
        #expect(try await home.token("ada")["generation"] == 1)
    }

    /// A home whose daemon has ended, with an account.
    private func homeWithAnAccount() async throws -> Home {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await Daemon(home)
        try await home.logIn("ada", to: sandbox)
        try await daemon.stop()
        return home
    }
}
