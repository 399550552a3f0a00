import EndToEndHarness
import Foundation
import Glibc
import Testing

/// The end in good order.
@Suite(.endToEnd) struct StopTests {
    @Test(arguments: [SIGTERM, SIGINT])
    func aSignalEndsItWithZero(signal: Int32) async throws {
        let home = try Home()
        let daemon = try await Daemon(home)
        daemon.process.signal(signal)
        #expect(try await daemon.process.waitForEnd() == .exit(0))
        try await home.ctl("list").expect(69)
        try await daemon.start()
        try await home.ctl("list").expect(0)
    }

    @Test func aRefreshUnderWayIsFinishedFirst() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await Daemon(home)
        try await home.logIn("ada", to: sandbox)
        let before = try await home.token("ada")
        try await sandbox.fault("delay", ["call": "refresh", "when": "after", "seconds": 2])
        let refresh = try home.start(.quartilectl, ["refresh", "--account", "ada"])
        try await sandbox.waitForCall("refresh")
        #expect(try await daemon.stop() == .exit(0))
        #expect(try await refresh.waitForEnd() == .exit(0))

        try await daemon.start()
        let after = try await home.token("ada")
        #expect(after["generation"] == 2)
        #expect(after["access_token"] != before["access_token"])
        #expect(after["degraded"] == nil, "no intent was left open")
        #expect(try await home.account("ada")["last_error"] == .null)
        #expect(try await sandbox.calls().count == 2)
    }

    @Test func aRefreshThatHangsIsCutOffAndSortedOutAtTheNextStart() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await Daemon(home)
        try await home.logIn("ada", to: sandbox)
        try await sandbox.fault("hang", ["call": "refresh", "when": "after"])
        let refresh = try home.start(.quartilectl, ["refresh", "--account", "ada"])
        try await sandbox.waitForCall("refresh")
        #expect(try await daemon.stop() == .exit(0))
        #expect(try await refresh.waitForEnd() == .exit(75))

        try await sandbox.clearFaults()
        try await daemon.start()
        #expect(try await home.token("ada")["access_token"] != nil)
        try await home.ctl("refresh", "--account", "ada").expect(0)
        let token = try await home.token("ada")
        // 3 where the daemon logged in by itself before the refresh was asked for.
        #expect(try #require(token["generation"]?.int) >= 2)
        #expect(try await sandbox.accepts(try #require(token["access_token"]?.string)))
        // The refresh token that may be spent was never presented again.
        #expect(try await sandbox.control("GET", "state")["reused"] == 0)
    }

    /// A handshake is not ended by what ends a request, and would last as long as one may: longer than anything is waited
    /// for here.
    @Test func aServerThatIsSilentInTheHandshakeHoldsUpNothing() async throws {
        let home = try Home()
        let daemon = try await Daemon(home, environment: ["QUARTILED_API_TIMEOUT": "1h"])
        // The kernel accepts for it, and nobody answers.
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(server) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(server, generic, length) == 0 && listen(server, 8) == 0
                    && getsockname(server, generic, &length) == 0
            }
        }
        try #require(isBound)
        let url = "https://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        let credentials = try World.current.file(
            "credentials",
            #"{"username":"ada@example.com","password":"correct-horse","subscription_key":"0123456789abcdef"}"#
        )
        let login = try home.start(
            .quartilectl,
            ["login", "--account", "ada", "--base-url", url, "--credentials", credentials]
        )
        var connection = pollfd(fd: server, events: Int16(POLLIN), revents: 0)
        try await eventually("a connection") { poll(&connection, 1, 0) == 1 }
        #expect(try await daemon.stop() == .exit(0))
        _ = try await login.waitForEnd()
    }

    @Test(arguments: ["/dev/full", nil])
    func outputThatCannotBeWrittenDisturbsNothing(errors: String?) async throws {
        let home = try Home()
        let daemon = try await Daemon(home, errors: errors.map { .path($0) } ?? .closed)
        #expect(try await WireClient(home).call("hello")["result"]?["server"]?.string != nil)
        #expect(try await daemon.stop() == .exit(0))
    }

    @Test func aClientSaysWhenItsOutputCannotBeWritten() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        _ = try await Daemon(home)
        try await home.logIn("ada", to: sandbox)
        for arguments in [["get-token"], ["status"], ["list", "--json"]] {
            for output in [ChildProcess.Stream.path("/dev/full"), .closed] {
                let run = try await home.run(.quartilectl, arguments, output: output)
                #expect(run.end == .exit(74), "\(arguments) \(output)")
                #expect(run.errors.hasPrefix("quartilectl: ") && run.errors.hasSuffix("\n"))
                #expect(run.errors.split(separator: "\n").count == 1)
            }
        }
    }
}
