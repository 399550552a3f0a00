import EndToEndHarness
import Foundation
import Testing

/// The daemon before a server with a certificate, which is OpenSSL's.
@Suite(.endToEnd) struct TLSTests {
    private let authority: TestAuthority

    init() throws { authority = try TestAuthority() }

    private func daemon(_ home: Home, caFile: String?, environment: [String: String?] = [:]) async throws -> Daemon {
        if let caFile { try home.configure("api: {ca_file: \(caFile)}\n") }
        return try await Daemon(home, environment: environment)
    }

    @discardableResult
    private func logIn(_ home: Home, _ sandbox: Sandbox, at front: TLSFront, expecting code: Int32) async throws
        -> Finished
    {
        let credentials = try World.current.file("credentials", sandbox.credentials.text)
        let arguments = ["login", "--account", "ada", "--base-url", front.url, "--credentials", credentials]
        return try await home.run(.quartilectl, arguments).expect(code)
    }

    /// A forced refresh that fails, and what it says.
    private func refusal(_ home: Home) async throws -> String {
        try await home.ctl("refresh", "--account", "ada").expect(75).errors
    }

    @Test func whatIsWrongWithAServerIsToldAndNothingIsSentToIt() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await daemon(home, caFile: authority.caFile)
        let front = TLSFront(for: sandbox)
        let good = try authority.issue("IP:127.0.0.1")
        try await front.present(good)
        try await logIn(home, sandbox, at: front, expecting: 0)
        let token = try await home.token("ada")
        let calls = try await sandbox.calls().count
        #expect(calls == 1)

        let other = try TestAuthority("Somebody Else")
        let refused: [(TestIdentity, TLSFront.Manner, String)] = [
            (try authority.issue("IP:127.0.0.1", to: "20210101000000Z"), .usual, "expired at 2021-01-01T00:00:00Z"),
            (try authority.issue("IP:127.0.0.1", from: "20980101000000Z"), .usual, "is not valid before 2098-01-01"),
            (
                try authority.issue("IP:127.0.0.1", belowOneThatEndsAt: "20210101000000Z"), .usual,
                "a certificate of its authority expired at 2021-01-01T00:00:00Z"
            ),
            (try authority.selfSigned("IP:127.0.0.1"), .usual, "is self-signed"),
            (try other.issue("IP:127.0.0.1"), .usual, "comes from \"Somebody Else\", which is not trusted here and"),
            (
                try authority.issue("DNS:api.example.com"), .usual,
                "for another host (api.example.com), not for 127.0.0.1"
            ),
            (try authority.issue("IP:127.0.0.1"), .tls11, "speaks no version of TLS that is still safe"),
        ]
        for (identity, manner, says) in refused {
            try await front.present(identity, manner)
            let line = try await refusal(home)
            #expect(line.contains("no secure connection to 127.0.0.1:\(front.port): "), "\(line)")
            #expect(line.contains(says), "\(line)")
            #expect(line.split(separator: "\n").count == 1)
        }
        try await front.presentNothing()
        #expect(try await refusal(home).contains("it does not speak TLS; is the port right?"))
        await front.stop()
        #expect(try await refusal(home).contains("refused the connection"))

        // The token is served all along, and the reason is to be seen.
        let served = try await home.token("ada")
        #expect(served["access_token"] == token["access_token"])
        #expect(served["degraded"]?["code"] == "upstream_unavailable")
        #expect(try await home.account("ada")["last_error"]?["code"] == "upstream_unavailable")
        #expect(try await sandbox.calls().count == calls, "nothing was sent")

        try await front.present(good, .tls12)
        try await home.ctl("refresh", "--account", "ada").expect(0)
        #expect(try await home.account("ada")["state"] == "active")
        #expect(daemon.process.end == nil)
        try await daemon.stop()
    }

    @Test func aCertificateThatEndsWhileTheDaemonRunsIsRefusedFromThenOn() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        let clock = try SeamClock()
        let daemon = try await daemon(
            home,
            caFile: authority.caFile,
            environment: try clock.environment.mapValues(Optional.some)
        )
        let end = Date(timeIntervalSinceNow: 3_600)
        let format = Date.ISO8601FormatStyle()
        let digits = format.format(end).filter { $0.isNumber }
        let front = TLSFront(for: sandbox)
        try await front.present(try authority.issue("IP:127.0.0.1", to: digits + "Z"))
        try await logIn(home, sandbox, at: front, expecting: 0)
        try await home.ctl("refresh", "--account", "ada").expect(0)
        let calls = try await sandbox.calls().count
        try clock.set(wall: .seconds(7_200))
        try await eventually("the refusal") {
            try await home.ctl("refresh", "--account", "ada").errors.contains("expired at \(format.format(end))")
        }
        #expect(try await home.token("ada")["access_token"] != nil)
        // A clock that was never set.
        try clock.set(wall: .seconds(-20 * 365 * 86_400))
        try await eventually("the refusal") {
            try await home.ctl("refresh", "--account", "ada").errors.contains(
                "is not valid before 2020-01-01T00:00:00Z"
            )
        }
        try clock.set()
        try await eventually("a refresh") { try await home.ctl("refresh", "--account", "ada").end == .exit(0) }
        #expect(try await sandbox.calls().count > calls)
        try await daemon.stop()
    }

    @Test func noKeysOfAConnectionAreWrittenDown() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        let log = try World.current.newPath("keys")
        let daemon = try await daemon(home, caFile: authority.caFile, environment: ["SSLKEYLOGFILE": log])
        let front = TLSFront(for: sandbox)
        try await front.present(try authority.issue("IP:127.0.0.1"))
        try await logIn(home, sandbox, at: front, expecting: 0)
        #expect(!FileManager.default.fileExists(atPath: log))
        // A program that heeds it, at the same server.
        let curl = try ChildProcess(
            "/usr/bin/curl",
            ["--silent", "--cacert", authority.caFile, "\(front.url)/status/v2"],
            environment: ["SSLKEYLOGFILE": log]
        )
        #expect(try await curl.waitForEnd() == .exit(0))
        #expect(FileManager.default.fileExists(atPath: log))
        try await daemon.stop()
    }

    private static let systemsFile = "/etc/ssl/certs/ca-certificates.crt"

    @Test(.enabled(if: SharedMachine.canRun && access(systemsFile, R_OK) == 0, "needs root, and authorities"))
    func theFileAddsToTheAuthoritiesOfTheSystem() async throws {
        let sandbox = try await Sandbox()
        let system = try TestAuthority("The System's")
        let home = try Home()
        try home.configure("api: {ca_file: \(authority.caFile)}\n")
        let daemon = try ChildProcess(
            "/usr/bin/unshare",
            [
                "--mount", "--propagation", "private", "/bin/sh", "-c", "mount --bind $1 $2 && exec $3", "sh",
                system.caFile, Self.systemsFile, try Program.quartiled.path,
            ],
            environment: home.environment
        )
        try await eventually("the daemon") { try await home.ctl("list").end == .exit(0) }
        let front = TLSFront(for: sandbox)
        for trusted in [system, authority] {
            try await front.present(try trusted.issue("IP:127.0.0.1"))
            try await logIn(home, sandbox, at: front, expecting: 0)
        }
        try await front.present(try TestAuthority("Somebody Else").issue("IP:127.0.0.1"))
        #expect(try await refusal(home).contains("\"Somebody Else\", which is not trusted here"))
        daemon.signal(SIGTERM)
        #expect(try await daemon.waitForEnd() == .exit(0))
    }

    @Test func manyAccountsAtOnceAreToldByOneLook() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await daemon(home, caFile: authority.caFile)
        let front = TLSFront(for: sandbox)
        try await front.present(try authority.selfSigned("IP:127.0.0.1"))
        let credentials = try World.current.file("credentials", sandbox.credentials.text)
        let logins = try (0..<20).map { number in
            try home.start(
                .quartilectl,
                ["login", "--account", "a\(number)", "--base-url", front.url, "--credentials", credentials]
            )
        }
        for login in logins {
            #expect(try await login.waitForEnd() == .exit(75))
            #expect(login.errors.contains("is self-signed"), "\(login.errors)")
        }
        #expect(try await sandbox.calls().isEmpty)
        try await daemon.stop()
    }

    @Test func withoutTheFileItsAuthorityIsNotTrusted() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await daemon(home, caFile: nil)
        let front = TLSFront(for: sandbox)
        try await front.present(try authority.issue("IP:127.0.0.1"))
        let line = try await logIn(home, sandbox, at: front, expecting: 75).errors
        #expect(line.contains("\"Test Authority\", which is not trusted here"), "\(line)")
        #expect(line.contains("api.ca_file"))
        // What helps must know an account that was not made.
        #expect(
            line.contains("; once that is mended, run: quartilectl login --account ada --base-url \(front.url) --cred"),
            "\(line)"
        )
        #expect(try await sandbox.calls().isEmpty)
        try await daemon.stop()
    }

    @Test func aFileThatCannotBeUsedEndsTheDaemonBeforeItMakesAnything() async throws {
        let home = try Home()
        try authority.write("", to: "empty.pem")
        try authority.write("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", to: "broken.pem")
        #expect(mkfifo(authority.file("fifo"), 0o600) == 0)
        for name in ["absent.pem", "empty.pem", "broken.pem", "ca.key", ".", "fifo"] {
            let path = authority.file(name)
            try home.configure("api: {ca_file: \(path)}\n")
            let run = try await home.run(.quartiled).expect(78)
            #expect(run.errors.contains("`api.ca_file` must be"), "\(run.errors)")
            #expect(run.errors.contains(name == "absent.pem" ? home.configuration : path), "\(run.errors)")
            #expect(run.errors.split(separator: "\n").count == 1)
        }
        #expect(!FileManager.default.fileExists(atPath: home.state))
    }
}
