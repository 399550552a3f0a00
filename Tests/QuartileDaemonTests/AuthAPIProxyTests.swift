import EndToEndHarness
import Foundation
import Glibc
import QuartileCore
import Testing

@testable import QuartileDaemon

/// The way through a proxy, where the configuration names one.
@Suite(.timeLimit(.minutes(2))) struct AuthAPIProxyTests {
    private func refresh(
        _ baseURL: String,
        through port: Int,
        caFile: String? = nil,
        timeout: Milliseconds = .seconds(30)
    ) async throws -> Outcome {
        let account = try Fixture.account(baseURL)
        let proxy = ProxyAddress(host: "127.0.0.1", port: port)
        return try await Fixture.withAPI(AuthAPISettings(timeout: timeout, caFile: caFile, proxy: proxy)) {
            await $0.refresh(account, refreshToken: Secret("refresh-1"))
        }
    }

    @Test func `a request goes through a tunnel that sees none of it`() async throws {
        let authority = try TestAuthority()
        let server = try await TLSServer(
            try authority.issue("DNS:api.example.com"),
            answer: Fixture.http("201 Created", Fixture.tokenSet)
        )
        let target = server.port
        let proxy = try RawServer { connection in
            connection.readRequest()
            connection.write("HTTP/1.1 200 Connection established\r\n\r\n")
            connection.relay(to: target)
        }
        defer { proxy.stop() }
        let outcome = try await refresh("https://api.example.com", through: proxy.port, caFile: authority.caFile)
        #expect(outcome.tokens?.refreshToken == Secret("refresh-2"))
        let request = try #require(proxy.requests.first)
        #expect(request.line == "CONNECT api.example.com:443 HTTP/1.1")
        #expect(request.values("Subscription-Key") == [])
        #expect(request.body.isEmpty)
        #expect(server.received.contains("Subscription-Key: \(Fixture.key)\r\n"))
        try await server.stop()
    }

    @Test func `why a certificate behind it is refused is told all the same`() async throws {
        let authority = try TestAuthority()
        let server = try await TLSServer(try authority.issue("DNS:other.example"), answer: "")
        let target = server.port
        let proxy = try RawServer { connection in
            connection.readRequest()
            connection.write("HTTP/1.1 200 Connection established\r\n")
            connection.write("Via: 1.1 proxy.example\r\n\r\n")
            connection.relay(to: target)
        }
        defer { proxy.stop() }
        let outcome = try await refresh("https://api.example.com", through: proxy.port, caFile: authority.caFile)
        #expect(outcome.kind == "not sent")
        let message = outcome.failure?.message ?? ""
        #expect(message.contains("for another host (other.example), not for api.example.com"), "\(message)")
        #expect(proxy.requests.map(\.line) == Array(repeating: "CONNECT api.example.com:443 HTTP/1.1", count: 2))
        #expect(proxy.requests.allSatisfy { $0.body.isEmpty && $0.values("Subscription-Key").isEmpty })
        #expect(server.received.isEmpty)
        try await server.stop()
    }

    @Test func `a tunnel that is cut after the request makes it ambiguous`() async throws {
        let authority = try TestAuthority()
        let identity = try authority.issue("DNS:api.example.com")
        // The server waits for more than it gets, so that the end of the tunnel comes first.
        let server = try await TLSServer(identity, answer: "HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n{")
        let target = server.port
        let proxy = try RawServer { connection in
            connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\n\r\n")
            connection.relay(to: target, until: { !server.received.isEmpty })
        }
        defer { proxy.stop() }
        let outcome = try await refresh("https://api.example.com", through: proxy.port, caFile: authority.caFile)
        #expect(outcome.kind == "ambiguous")
        #expect(proxy.connections == 1)
        try await server.stop()
    }

    @Test(arguments: [
        ("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", "asks for a login"),
        ("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", "refuses to connect to api.example.com:443"),
        ("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "refuses to connect to"),
        ("garbage\r\n\r\n", "closed the connection before the request was sent"),
        ("", "closed the connection before the request was sent"),
    ])
    func `a proxy that does not connect: not sent`(_ answer: String, _ says: String) async throws {
        let proxy = try RawServer { connection in
            connection.readRequest()
            connection.write(answer)
            if answer.hasPrefix("HTTP") { connection.drain() }
        }
        defer { proxy.stop() }
        let outcome = try await refresh("https://api.example.com", through: proxy.port)
        #expect(outcome.kind == "not sent")
        #expect(outcome.failure?.code == .upstreamUnavailable)
        #expect(outcome.failure?.message.contains("the proxy 127.0.0.1:\(proxy.port) ") == true)
        #expect(outcome.failure?.message.contains(says) == true, "\(outcome.failure?.message ?? "")")
        #expect(proxy.requests.count == 1)
    }

    @Test func `a proxy that is not there: not sent`() async throws {
        let proxy = try RawServer(nil)
        proxy.stop()
        let outcome = try await refresh("https://api.example.com", through: proxy.port)
        #expect(outcome.kind == "not sent")
        #expect(outcome.failure?.message == "the proxy 127.0.0.1:\(proxy.port) refused the connection")
    }

    @Test func `a proxy that is silent: not sent at the deadline`() async throws {
        let proxy = try RawServer { $0.drain() }
        defer { proxy.stop() }
        let outcome = try await refresh("https://api.example.com", through: proxy.port, timeout: 1500)
        #expect(outcome.kind == "not sent")
        #expect(outcome.failure?.message == "no connection to api.example.com:443 within 1.5 s")
    }

    @Test func `a loopback host is reached without the proxy`() async throws {
        let server = try RawServer.answering(Fixture.http("201 Created", Fixture.tokenSet))
        let proxy = try RawServer.answering(Fixture.http("200 OK", ""))
        defer {
            server.stop()
            proxy.stop()
        }
        #expect(try await refresh(server.url, through: proxy.port).kind == "received")
        #expect(proxy.connections == 0)
    }

    @Test func `the environment names no proxy`() async {
        await #expect(processExitsWith: .success) {
            let server = try RawServer.answering(Fixture.http("201 Created", Fixture.tokenSet))
            let proxy = try RawServer.answering(Fixture.http("200 OK", ""))
            for name in ["http_proxy", "https_proxy", "all_proxy"] {
                setenv(name, proxy.url, 1)
                setenv(name.uppercased(), proxy.url, 1)
            }
            let local = try Fixture.account(server.url)
            let remote = try Fixture.account("https://quartile.invalid")
            let kinds = try await Fixture.withAPI { api in
                [
                    await api.refresh(local, refreshToken: Secret("refresh-1")).kind,
                    await api.refresh(remote, refreshToken: Secret("refresh-1")).kind,
                ]
            }
            try #require(kinds == ["received", "not sent"])
            try #require(proxy.connections == 0)
        }
    }
}

extension RawConnection {
    /// Passes bytes on in both directions until one side closes, or `end` holds.
    func relay(to port: Int, until end: () -> Bool = { false }) {
        let other = RawClient.connect(port: port)
        defer { close(other) }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var ends = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: other, events: Int16(POLLIN), revents: 0),
        ]
        while !end() {
            guard poll(&ends, 2, 20) >= 0 else { return }
            for (from, to) in [(0, 1), (1, 0)] where ends[from].revents != 0 {
                let count = recv(ends[from].fd, &buffer, buffer.count, CInt(MSG_DONTWAIT))
                guard count > 0 else { return }
                _ = send(ends[to].fd, buffer, count, CInt(MSG_NOSIGNAL))
            }
        }
    }
}
