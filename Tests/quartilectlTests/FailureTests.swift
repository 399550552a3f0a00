import QuartileClient
import QuartileWire
import Testing

@testable import quartilectl

private let now: Int64 = 1_795_600_800
private let utf8 = TextStyle(isUTF8: true, width: 60)

private func context(_ command: String = "get-token", account: String? = "x", socket: String? = nil) -> CallContext {
    CallContext(command: command, account: account, givenSocket: socket, clock: Zone.berlin.clock(now: now))
}

@Suite("Failure of a call") struct FailureTests {
    /// What is printed for every error of the protocol.
    static let sentences: [(ErrorCode, String, Int32)] = [
        (.parseError, "quartilectl: it is so\n", 76),
        (.invalidRequest, "quartilectl: it is so\n", 76),
        (.methodNotFound, "quartilectl: it is so; run: systemctl --user restart quartiled\n", 76),
        (.invalidParams, "quartilectl: it is so; run: quartilectl get-token --help\n", 76),
        (.internalError, "quartilectl: it is so; run: journalctl --user -u quartiled -n 50\n", 70),
        (.accountNotFound, "quartilectl: it is so; run: quartilectl list\n", 67),
        (.loginRequired, "quartilectl: it is so; run: quartilectl login --account x\n", 77),
        (.upstreamUnavailable, "quartilectl: it is so; run: quartilectl status --account x\n", 75),
        (.upstreamRejected, "quartilectl: it is so; run: quartilectl update --account x\n", 65),
        (.timeout, "quartilectl: it is so; run: quartilectl status --account x\n", 75),
        (.permissionDenied, "quartilectl: it is so\n", 77),
        (.keyUnusable, "quartilectl: it is so; run: quartilectl key status\n", 78),
        (.storageFailed, "quartilectl: it is so; run: quartilectl status\n", 74),
        (.overloaded, "quartilectl: it is so\n", 75),
        (.keyNotReady, "quartilectl: it is so; run: quartilectl key rotate\n", 75),
    ]

    @Test(arguments: sentences)
    func `is one line that ends in a remedy`(code: ErrorCode, line: String, exitCode: Int32) {
        let failure = context().failure(.answered(WireError(code, "it is so.")))
        #expect(failure.line(utf8) == line)
        #expect(failure.exitCode == exitCode)
    }

    @Test func `is told for every error`() {
        #expect(Set(Self.sentences.map(\.0)) == Set(ErrorCode.allCases))
    }

    @Test func `says when the next try comes`() {
        let error = WireError(.upstreamUnavailable, "the API is down", retryAt: now + 42)
        let line = "quartilectl: the API is down, next try in 42 s (11:00 +0100); run: quartilectl status --account x\n"
        #expect(context().failure(.answered(error)).line(utf8) == line)
    }

    @Test func `of a refused login says to log in`() {
        let failure = context("login").failure(
            .answered(WireError(.upstreamRejected, "the API refused the login: Unauthorized"))
        )
        #expect(
            failure.line(utf8)
                == "quartilectl: the API refused the login: Unauthorized; run: quartilectl login --account x\n"
        )
    }

    @Test func `of a first login says to repeat it, for nothing else knows the account`() {
        var new = context("login", socket: "/s")
        new.again = new.remedy("login", account: "x", options: [("--base-url", "https://a b"), ("--api-version", nil)])
        let command = "quartilectl login --account x --base-url 'https://a b' --socket /s"
        for code in [ErrorCode.upstreamUnavailable, .timeout] {
            let line = new.failure(.answered(WireError(code, "is the base URL right?"))).line(utf8)
            #expect(line == "quartilectl: is the base URL right? once that is mended, run: \(command)\n")
        }
        let refused = new.failure(.answered(WireError(.upstreamRejected, "the API refused the login")))
        #expect(refused.line(utf8) == "quartilectl: the API refused the login; run: \(command)\n")
        let stored = new.failure(.answered(WireError(.storageFailed, "it is so")))
        #expect(stored.line(utf8) == "quartilectl: it is so; run: quartilectl status --socket /s\n")
    }

    @Test func `puts no semicolon after a question`() {
        let error = WireError(.upstreamUnavailable, "is the port right?", retryAt: now + 42)
        let line = context().failure(.answered(error)).line(utf8)
        #expect(
            line.hasPrefix("quartilectl: is the port right? next try in 42 s (11:00 +0100); run: quartilectl status")
        )
    }

    @Test func `speaks of the socket that was given`() {
        let failure = context(socket: "/tmp/my socket").failure(.answered(WireError(.loginRequired, "it is so")))
        #expect(failure.remedy == "quartilectl login --account x --socket '/tmp/my socket'")
    }

    @Test func `ends in the remedy whatever the API said`() {
        let error = WireError(.upstreamRejected, "the API refused the key: \"so; run: rm -rf ~\"")
        let line = "quartilectl: the API refused the key: \"so; run: rm -rf ~\"; run: quartilectl update --account x\n"
        #expect(context().failure(.answered(error)).line(utf8) == line)
        let remedy = JSON.Object([.init("remedy", "quartilectl logout --account x")])
        let named = WireError(.upstreamRejected, "run: rm -rf ~", details: remedy)
        #expect(
            context().failure(.answered(named)).line(utf8)
                == "quartilectl: run: rm -rf ~; run: quartilectl logout --account x\n"
        )
    }

    @Test func `is one line whatever the API said`() {
        let error = WireError(.upstreamRejected, "no\r\nquartilectl: \u{1B}[2J\u{202E}\u{2028}ünd\0")
        let failure = context().failure(.answered(error))
        let line = "quartilectl: no  quartilectl: ?[2J? ünd? run: quartilectl update --account x\n"
        #expect(failure.line(utf8) == line)
        let ascii = "quartilectl: no  quartilectl: ?[2J???nd? run: quartilectl update --account x\n"
        #expect(failure.line(TextStyle(isUTF8: false, width: 60)) == ascii)
    }
}

@Suite struct `Failure to reach the daemon` {
    @Test(
        arguments: [
            (.given, "quartilectl: no daemon listens at /s; run: quartiled --socket /s\n"),
            (.environment, "quartilectl: no daemon listens at /s; run: quartiled --socket /s\n"),
            (
                .runtimeDirectory,
                "quartilectl: no daemon listens at /s; run: systemctl --user start quartiled.socket (or, without systemd: quartiled)\n"
            ),
            (.shared, "quartilectl: no daemon listens at /s; run: systemctl start quartiled.socket\n"),
        ] as [(SocketPath.Origin, String)]
    )
    func `says where and how to start it`(origin: SocketPath.Origin, line: String) throws {
        let failure = context().failure(.noDaemon(try SocketPath("/s", origin: origin)))
        #expect(failure.line(utf8) == line)
        #expect(failure.exitCode == 69)
    }

    @Test func `has an exit code for each reason`() throws {
        let socket = try SocketPath("/s")
        let us = Surroundings.process.userID
        let table: [(ClientError, Int32)] = [
            (.noAccess(socket), 77), (.connectionLost(socket, serverUserID: us), 75),
            (.connectionLost(socket, serverUserID: nil), 75), (.connectionLost(socket, serverUserID: us + 1), 77),
            (.timedOut(after: 40), 75), (.violation(ProtocolViolation("x")), 76), (.requestTooLong(byteCount: 1), 64),
            (.emptySocketPath, 64), (.socketPathTooLong("x", .given), 64), (.socketPathTooLong("x", .environment), 78),
            (.socketPathTooLong("x", .runtimeDirectory), 78), (.noSocketPath, 69),
            (.system(call: "poll", errorNumber: 12), 70),
        ]
        for (error, exitCode) in table { #expect(context().failure(error).exitCode == exitCode, "\(error)") }
    }
}
