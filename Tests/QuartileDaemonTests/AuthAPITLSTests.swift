import EndToEndHarness
import Foundation
import NIOSSL
import QuartileCore
import Testing

@testable import QuartileDaemon

/// Connections that are encrypted, and those that must not come about.
@Suite(.timeLimit(.minutes(2))) struct AuthAPITLSTests {
    private let authority: TestAuthority
    private let answer = Fixture.http("201 Created", Fixture.tokenSet)

    init() throws { authority = try TestAuthority() }

    private func refresh(_ host: String, _ port: Int, caFile: String?, timeout: Milliseconds = .seconds(30))
        async throws -> Outcome
    {
        let account = try Fixture.account("https://\(host):\(port)")
        return try await Fixture.withAPI(AuthAPISettings(timeout: timeout, caFile: caFile)) {
            await $0.refresh(account, refreshToken: Secret("refresh-1"))
        }
    }

    private func expectNotSent(_ outcome: Outcome, to server: TLSServer, saying text: String) {
        #expect(outcome.kind == "not sent")
        #expect(outcome.failure?.code == .upstreamUnavailable)
        #expect(outcome.failure?.message.contains(text) == true, "\(outcome.failure?.message ?? "")")
        #expect(server.received.isEmpty)
    }

    @Test(arguments: ["127.0.0.1", "localhost"]) func `a certificate of an added authority is trusted`(_ host: String)
        async throws
    {
        let server = try await TLSServer(try authority.issue("DNS:localhost,IP:127.0.0.1"), answer: answer)
        let outcome = try await refresh(host, server.port, caFile: authority.caFile)
        #expect(outcome.tokens?.refreshToken == Secret("refresh-2"))
        #expect(server.received.hasPrefix("POST /auth/v2/refresh HTTP/1.1\r\n"))
        try await server.stop()
    }

    @Test func `an unknown authority is not`() async throws {
        let server = try await TLSServer(try authority.issue("IP:127.0.0.1"), answer: answer)
        expectNotSent(
            try await refresh("127.0.0.1", server.port, caFile: nil),
            to: server,
            saying: "its certificate comes from an authority that is not trusted here (\"Test Authority\");"
                + " if it should be, name the authority's certificate in api.ca_file"
        )
        try await server.stop()
    }

    @Test func `another authority of the same name is not`() async throws {
        let server = try await TLSServer(try authority.issue("IP:127.0.0.1"), answer: answer)
        let other = try TestAuthority()
        expectNotSent(
            try await refresh("127.0.0.1", server.port, caFile: other.caFile),
            to: server,
            saying: "its certificate does not follow from that of \"Test Authority\" in api.ca_file;"
        )
        try await server.stop()
    }

    @Test func `a certificate that signed itself is not, unless it is named`() async throws {
        let identity = try authority.selfSigned("IP:127.0.0.1")
        let server = try await TLSServer(identity, answer: answer)
        expectNotSent(
            try await refresh("127.0.0.1", server.port, caFile: authority.caFile),
            to: server,
            saying: "its certificate is self-signed; if you know it to be the right one, name a copy of it in"
        )
        #expect(try await refresh("127.0.0.1", server.port, caFile: identity.certificate).kind == "received")
        try await server.stop()
    }

    @Test func `a certificate that has expired is not`() async throws {
        let expired = try authority.issue("IP:127.0.0.1", from: "20200101000000Z", to: "20200201000000Z")
        let server = try await TLSServer(expired, answer: answer)
        let outcome = try await refresh("127.0.0.1", server.port, caFile: authority.caFile)
        let says = "its certificate expired at 2020-02-01T00:00:00Z; it has to be renewed there (or the clock set here"
        expectNotSent(outcome, to: server, saying: says)
        try await server.stop()
    }

    @Test func `a certificate that is not valid yet is not`() async throws {
        let early = try authority.issue("IP:127.0.0.1", from: "20980101000000Z")
        let server = try await TLSServer(early, answer: answer)
        let outcome = try await refresh("127.0.0.1", server.port, caFile: authority.caFile)
        let says = "its certificate is not valid before 2098-01-01T00:00:00Z; the clock here says 20"
        expectNotSent(outcome, to: server, saying: says)
        try await server.stop()
    }

    @Test func `a certificate whose authority has expired is not`() async throws {
        let identity = try authority.issue("IP:127.0.0.1", belowOneThatEndsAt: "20200201000000Z")
        let server = try await TLSServer(identity, answer: answer)
        let outcome = try await refresh("127.0.0.1", server.port, caFile: authority.caFile)
        let says = "a certificate of its authority expired at 2020-02-01T00:00:00Z; it has to be renewed there"
        expectNotSent(outcome, to: server, saying: says)
        try await server.stop()
    }

    @Test func `a certificate below another one is trusted`() async throws {
        let identity = try authority.issue("IP:127.0.0.1", belowOneThatEndsAt: "20990201000000Z")
        let server = try await TLSServer(identity, answer: answer)
        #expect(try await refresh("127.0.0.1", server.port, caFile: authority.caFile).kind == "received")
        try await server.stop()
    }

    @Test(arguments: ["127.0.0.1", "localhost"]) func `a certificate of another host is not`(_ host: String)
        async throws
    {
        let server = try await TLSServer(try authority.issue("DNS:other.example,IP:127.0.0.2,IP:::1"), answer: answer)
        let outcome = try await refresh(host, server.port, caFile: authority.caFile)
        let says =
            "its certificate is for another host (other.example, 127.0.0.2, ::1), not for \(host); is the base URL"
        expectNotSent(outcome, to: server, saying: says)
        try await server.stop()
    }

    @Test func `a server that speaks only TLS 1_1 is not spoken to`() async throws {
        let identity = try authority.issue("IP:127.0.0.1")
        let server = try await TLSServer(identity, versions: (.tlsv1, .tlsv11), answer: answer)
        let outcome = try await refresh("127.0.0.1", server.port, caFile: authority.caFile)
        expectNotSent(outcome, to: server, saying: "no version of TLS that is still safe; it has to learn")
        try await server.stop()
    }

    /// What a server begins with that speaks TLS 1.1, and one that speaks 1.2 and says (RFC 8446, section 4.1.3) that it
    /// would have spoken 1.3 had it been asked.
    @Test(
        arguments: [
            ([0x03, 0x02], [0, 0, 0, 0, 0, 0, 0, 0], "it speaks no version of TLS that is still safe"),
            ([0x03, 0x03], Array("DOWNGRD\u{1}".utf8), "somebody on the way makes it speak an older version of TLS"),
        ] as [([UInt8], [UInt8], String)]
    )
    func `a connection that was talked down gets nothing`(version: [UInt8], sentinel: [UInt8], says: String)
        async throws
    {
        let hello = version + [UInt8](repeating: 7, count: 24) + sentinel + [0, 0xC0, 0x2B, 0, 0, 0]
        let message = [2, 0, 0, UInt8(hello.count)] + hello
        let server = try RawServer { connection in
            connection.write([0x16] + version + [0, UInt8(message.count)] + message)
            connection.drain()
        }
        defer { server.stop() }
        let outcome = try await refresh("127.0.0.1", server.port, caFile: nil)
        #expect(outcome.kind == "not sent")
        #expect(outcome.failure?.message.contains(says) == true, "\(outcome.failure?.message ?? "")")
        #expect(server.connections == 1)
    }

    @Test func `a server that speaks TLS 1_2 is`() async throws {
        let identity = try authority.issue("IP:127.0.0.1")
        let server = try await TLSServer(identity, versions: (.tlsv12, .tlsv12), answer: answer)
        #expect(try await refresh("127.0.0.1", server.port, caFile: authority.caFile).kind == "received")
        try await server.stop()
    }

    @Test(arguments: [
        ("plain", "does not speak TLS"), ("closes", "closed"), ("silent", "no connection to"),
    ])
    func `a server that shakes no hands gets nothing`(_ manner: String, _ says: String) async throws {
        let server = try RawServer { connection in
            switch manner {
            case "plain": connection.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            case "closes": return
            default: break
            }
            connection.drain()
        }
        defer { server.stop() }
        let timeout: Milliseconds = manner == "silent" ? 1500 : .seconds(30)
        let outcome = try await refresh("127.0.0.1", server.port, caFile: nil, timeout: timeout)
        #expect(outcome.kind == "not sent")
        #expect(outcome.failure?.message.contains(says) == true, "\(outcome.failure?.message ?? "")")
        #expect(server.connections == 1)
    }

    @Test func `trust roots that can't be read are named`() throws {
        try authority.write("", to: "empty.pem")
        try authority.write("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", to: "broken.pem")
        let files = ["absent.pem", "empty.pem", "broken.pem", "ca.key", "."].map(authority.file)
        for file in files {
            let error = #expect(throws: UnusableCAFile.self) {
                try Fixture.api(AuthAPISettings(caFile: file))
            }
            #expect(error?.path == file)
            #expect(error?.problem.isEmpty == false)
        }
    }

    @Test func `the environment names no key log`() async {
        await #expect(processExitsWith: .success) {
            let authority = try TestAuthority()
            let log = authority.file("keys.log")
            setenv("SSLKEYLOGFILE", log, 1)
            let server = try await TLSServer(
                try authority.issue("IP:127.0.0.1"),
                answer: Fixture.http("201 Created", Fixture.tokenSet)
            )
            let account = try Fixture.account("https://127.0.0.1:\(server.port)")
            let outcome = try await Fixture.withAPI(AuthAPISettings(caFile: authority.caFile)) {
                await $0.refresh(account, refreshToken: Secret("refresh-1"))
            }
            try #require(outcome.kind == "received")
            try #require(!FileManager.default.fileExists(atPath: log))
        }
    }
}
