import Foundation
import Glibc
import QuartileCore
import Testing

@testable import QuartileDaemon

/// Answers that are none (reliability: what can happen between a request and its answer).
@Suite(.timeLimit(.minutes(2))) struct AuthAPIFaultTests {
    /// Long enough for a busy machine to connect on loopback, short enough to wait for.
    static let short = AuthAPISettings(timeout: Milliseconds(1500))

    private func refresh(
        _ settings: AuthAPISettings = AuthAPISettings(),
        _ serve: @escaping @Sendable (RawConnection) -> Void
    ) async throws -> Outcome {
        let server = try RawServer(serve)
        defer { server.stop() }
        let account = try Fixture.account(server.url)
        let outcome = try await Fixture.withAPI(settings) {
            await $0.refresh(account, refreshToken: Secret("refresh-1"))
        }
        #expect(server.requests.count == 1)
        #expect(server.connections == 1)
        return outcome
    }

    @Test func `closed without an answer: ambiguous, never sent again`() async throws {
        let outcome = try await refresh { $0.readRequest() }
        #expect(outcome.kind == "ambiguous")
        #expect(outcome.unread == nil)
        #expect(outcome.failure?.code == .upstreamUnavailable)
        #expect(outcome.failure?.message.hasSuffix("closed the connection without an answer") == true)
    }

    @Test func `reset without an answer: ambiguous`() async throws {
        let outcome = try await refresh {
            $0.readRequest()
            $0.reset()
        }
        #expect(outcome.kind == "ambiguous")
        #expect(outcome.unread == nil)
    }

    @Test func `tokens that are only asked about hold up no refresh`() async throws {
        let server = try RawServer { connection in
            guard connection.readRequest()?.line.contains("validate") == false else { return connection.drain() }
            connection.write(
                "HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n{\"statusCode\":401,\"message\":\"Spent.\"}"
            )
        }
        defer { server.stop() }
        let account = try Fixture.account(server.url)
        try await Fixture.withAPI(AuthAPISettings(timeout: .seconds(20))) { api in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<40 {
                    group.addTask { _ = await api.validate(account, accessToken: Secret("access-1")) }
                }
                while server.connections < 4 { try await Task.sleep(for: .milliseconds(5)) }
                let outcome = await api.refresh(account, refreshToken: Secret("refresh-1"))
                #expect(outcome.kind == "refused")
                #expect(server.connections == 5)
                await api.shutdown()
            }
        }
    }

    @Test func `silent: ambiguous at the deadline`() async throws {
        let outcome = try await refresh(Self.short) {
            $0.readRequest()
            $0.drain()
        }
        #expect(outcome.kind == "ambiguous")
        #expect(outcome.failure?.message.hasSuffix("did not answer within 1.5 s") == true)
    }

    @Test func `a body that drips: ambiguous at the deadline, with what came`() async throws {
        let outcome = try await refresh(Self.short) { connection in
            connection.readRequest()
            connection.write("HTTP/1.1 201 Created\r\nContent-Length: 100000\r\n\r\n{\"authorization\"")
            while connection.write(" ") { usleep(20_000) }
        }
        #expect(outcome.kind == "ambiguous")
        #expect(outcome.unread?.hasPrefix("{\"authorization\" ") == true)
        #expect(outcome.failure?.message.hasSuffix("did not finish its answer within 1.5 s") == true)
    }

    @Test func `a head that drips: ambiguous at the deadline`() async throws {
        let outcome = try await refresh(Self.short) { connection in
            connection.readRequest()
            connection.write("HTTP/1.1 201 Created\r\nX-Slow: ")
            while connection.write("a") { usleep(20_000) }
        }
        #expect(outcome.kind == "ambiguous")
        #expect(outcome.unread == nil)
    }

    @Test(arguments: ["Content-Length: 999999999999\r\n", "Connection: close\r\n"])
    func `an endless body is cut off at 1 MiB`(_ framing: String) async throws {
        let outcome = try await refresh { connection in
            connection.readRequest()
            connection.write("HTTP/1.1 201 Created\r\n\(framing)\r\n")
            let block = [UInt8](repeating: UInt8(ascii: " "), count: 65_536)
            while connection.write(block) {}
        }
        #expect(outcome.kind == "ambiguous")
        #expect(outcome.unread?.utf8.count == 1 << 20)
        #expect(outcome.failure?.message.hasSuffix("answered with more than 1 MiB") == true)
    }

    @Test func `an endless head is cut off`() async throws {
        let outcome = try await refresh { connection in
            connection.readRequest()
            connection.write("HTTP/1.1 201 Created\r\n")
            var number = 0
            while connection.write("X-\(number): \(String(repeating: "a", count: 1000))\r\n") { number += 1 }
        }
        #expect(outcome.kind == "ambiguous")
        #expect(outcome.failure?.message.hasSuffix("does not answer in HTTP") == true)
    }

    @Test(arguments: ["garbage\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 abc\r\n\r\n", "\u{0}\u{1}\u{2}\u{3}"])
    func `what is no HTTP: ambiguous`(_ text: String) async throws {
        let outcome = try await refresh {
            $0.readRequest()
            $0.write(text)
        }
        #expect(outcome.kind == "ambiguous")
        #expect(outcome.unread == nil)
    }

    @Test(arguments: [false, true]) func `cut off in the middle of a token set: ambiguous, and kept`(
        _ resets: Bool
    ) async throws {
        let part = String(Fixture.tokenSet.prefix(80))
        let outcome = try await refresh { connection in
            connection.readRequest()
            connection.write("HTTP/1.1 201 Created\r\nContent-Length: \(Fixture.tokenSet.utf8.count)\r\n\r\n\(part)")
            if resets {
                usleep(50_000)
                connection.reset()
            }
        }
        #expect(outcome.kind == "ambiguous")
        #expect(outcome.unread == part)
        #expect(outcome.failure?.message.hasSuffix("broke off its answer") == true)
    }

    @Test(arguments: ["close", "reset", "silence"]) func `cut off after a whole token set: the set is not lost`(
        _ end: String
    ) async throws {
        let outcome = try await refresh(Self.short) { connection in
            connection.readRequest()
            connection.write("HTTP/1.1 201 Created\r\nContent-Length: 9999\r\n\r\n\(Fixture.tokenSet)")
            switch end {
            case "reset":
                usleep(50_000)
                connection.reset()
            case "silence": connection.drain()
            default: break
            }
        }
        #expect(outcome.tokens?.refreshToken == Secret("refresh-2"))
    }

    @Test func `a chunked token set is read`() async throws {
        let outcome = try await refresh { connection in
            connection.readRequest()
            connection.write("HTTP/1.1 100 Continue\r\n\r\n")
            connection.write("HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n")
            for byte in Fixture.tokenSet.utf8 { connection.write("1\r\n\(Character(Unicode.Scalar(byte)))\r\n") }
            connection.write("0\r\n\r\n")
        }
        #expect(outcome.tokens?.refreshToken == Secret("refresh-2"))
    }

    @Test func `a body that ends with the connection is read`() async throws {
        let outcome = try await refresh { connection in
            connection.readRequest()
            connection.write("HTTP/1.1 201 Created\r\n\r\n\(Fixture.tokenSet)")
        }
        #expect(outcome.tokens?.refreshToken == Secret("refresh-2"))
    }

    @Test func `a refusal that is cut off says nothing of the token`() async throws {
        let outcome = try await refresh { connection in
            connection.readRequest()
            connection.write("HTTP/1.1 401 X\r\nContent-Length: 999\r\n\r\n{\"message\": \"no\", \"statusCode\": 401}")
        }
        #expect(outcome.kind == "ambiguous")
        #expect(outcome.unread == nil)
    }

    @Test(arguments: [301, 302, 303, 307, 308]) func `a redirect is an answer, and its target gets nothing`(
        _ status: Int
    ) async throws {
        let other = try RawServer.answering(Fixture.http("201 Created", Fixture.tokenSet))
        defer { other.stop() }
        let target = other.url
        let outcome = try await refresh { connection in
            connection.readRequest()
            connection.write(Fixture.http("\(status) Moved", "", "Location: \(target)/auth/v2/refresh"))
        }
        #expect(outcome.kind == "ambiguous")
        #expect(other.connections == 0)
    }

    @Test func `a slow answer is waited for`() async throws {
        let outcome = try await refresh { connection in
            connection.readRequest()
            usleep(300_000)
            connection.write(Fixture.http("201 Created", Fixture.tokenSet))
        }
        #expect(outcome.kind == "received")
    }

    @Test func `a compressed body is not unpacked`() async throws {
        let outcome = try await refresh { connection in
            connection.readRequest()
            connection.write(Fixture.http("201 Created", "\u{1f}\u{8b}", "Content-Encoding: gzip"))
        }
        #expect(outcome.kind == "ambiguous")
        #expect(outcome.unread == "\u{1f}\u{8b}")
    }

    @Test func `an answer that came before its request is none, and harms nothing`() async throws {
        let server = try RawServer { connection in
            connection.write(Fixture.http("201 Created", Fixture.tokenSet))
            connection.drain()
        }
        defer { server.stop() }
        let account = try Fixture.account(server.url)
        try await Fixture.withAPI(Self.short) { api in
            for _ in 0..<20 {
                let outcome = await api.refresh(account, refreshToken: Secret("refresh-1"))
                #expect(["received", "ambiguous", "not sent"].contains(outcome.kind))
            }
        }
        #expect(server.connections == 20)
    }

    @Test func `what follows an answer is not looked at`() async throws {
        let outcome = try await refresh { connection in
            connection.readRequest()
            connection.write(Fixture.http("201 Created", Fixture.tokenSet) + Fixture.http("500 X", "") + "garbage")
        }
        #expect(outcome.kind == "received")
    }

    @Test(arguments: [
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n",
    ])
    func `interim answers alone are none`(_ interim: String) async throws {
        let outcome = try await refresh(Self.short) { connection in
            connection.readRequest()
            while connection.write(interim) { usleep(10_000) }
        }
        #expect(outcome.kind == "ambiguous")
        #expect(outcome.unread == nil)
    }

    @Test func `nobody listens: not sent`() async throws {
        let server = try RawServer(nil)
        server.stop()
        let account = try Fixture.account(server.url)
        let outcome = try await Fixture.withAPI { await $0.refresh(account, refreshToken: Secret("refresh-1")) }
        #expect(outcome.kind == "not sent")
        #expect(outcome.failure == Failure(.upstreamUnavailable, "127.0.0.1:\(server.port) refused the connection"))
        let named = try Fixture.account("http://localhost:\(server.port)")
        let second = try await Fixture.withAPI { await $0.refresh(named, refreshToken: Secret("refresh-1")) }
        #expect(second.kind == "not sent")
        #expect(second.failure?.message == "localhost:\(server.port) refused the connection")
    }

    @Test func `the name has no address: not sent`() async throws {
        let account = try Fixture.account("https://quartile.invalid")
        // Where no resolver answers, the system takes a while to say so.
        let outcome = try await Fixture.withAPI(AuthAPISettings(timeout: .seconds(90))) {
            await $0.refresh(account, refreshToken: Secret("refresh-1"))
        }
        #expect(outcome.kind == "not sent")
        #expect(outcome.failure?.message == "can't resolve host quartile.invalid")
    }

    @Test func `nobody accepts: not sent at the deadline`() async throws {
        // With the queue of a listener full, the kernel drops what else would connect.
        let server = try RawServer(backlog: 0, nil)
        defer { server.stop() }
        let fillers = (0..<4).map { _ in RawClient.connect(port: server.port, waits: false) }
        defer { fillers.forEach { close($0) } }
        let account = try Fixture.account(server.url)
        let outcome = try await Fixture.withAPI(Self.short) { await $0.refresh(account, refreshToken: Secret("r")) }
        #expect(outcome.kind == "not sent")
        #expect(outcome.failure?.message == "no connection to 127.0.0.1:\(server.port) within 1.5 s")
    }

    @Test func `after shutdown nothing is sent`() async throws {
        let server = try RawServer.answering(Fixture.http("201 Created", Fixture.tokenSet))
        defer { server.stop() }
        let account = try Fixture.account(server.url)
        let api = try Fixture.api()
        await api.shutdown()
        let outcome = await api.refresh(account, refreshToken: Secret("refresh-1"))
        await api.shutdown()
        #expect(outcome.kind == "not sent")
        #expect(outcome.failure?.message == "the daemon is stopping")
        #expect(server.connections == 0)
    }

    @Test func `a shutdown ends what is under way, as ambiguous`() async throws {
        let (began, continuation) = AsyncStream.makeStream(of: Void.self)
        let server = try RawServer { connection in
            connection.readRequest()
            continuation.yield()
            connection.drain()
        }
        defer { server.stop() }
        let account = try Fixture.account(server.url)
        let api = try Fixture.api()
        async let flight = api.refresh(account, refreshToken: Secret("refresh-1"))
        for await _ in began { break }
        await api.shutdown()
        #expect(await flight.kind == "ambiguous")
    }

    @Test func `a caller that goes away does not end the exchange`() async throws {
        let (began, continuation) = AsyncStream.makeStream(of: Void.self)
        let server = try RawServer { connection in
            connection.readRequest()
            continuation.yield()
            usleep(100_000)
            connection.write(Fixture.http("201 Created", Fixture.tokenSet))
        }
        defer { server.stop() }
        let account = try Fixture.account(server.url)
        try await Fixture.withAPI { api in
            let flight = Task { await api.refresh(account, refreshToken: Secret("refresh-1")) }
            for await _ in began { break }
            flight.cancel()
            #expect(await flight.value.kind == "received")
        }
    }
}
