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
            saying: "its certificate comes from \"Test Authority\", which is not trusted here and whose certificate the"
                + " server does not send; it should, or, if that is an authority to be trusted by itself, name its"
        )
        try await server.stop()
    }

    @Test func `another authority of the same name is not`() async throws {
        let server = try await TLSServer(try authority.issue("IP:127.0.0.1"), answer: answer)
        let other = try TestAuthority()
        expectNotSent(
            try await refresh("127.0.0.1", server.port, caFile: other.caFile),
            to: server,
            saying:
                "its certificate does not follow from that of \"Test Authority\" in api.ca_file, which has another key; is"
        )
        try await server.stop()
    }

    @Test func `one whose own certificate is presented is not either`() async throws {
        let identity = try authority.issue(
            "IP:127.0.0.1",
            belowOneSaying: "basicConstraints = CA:TRUE",
            with: [authority.caFile]
        )
        let server = try await TLSServer(identity, answer: answer)
        let says = "its certificate comes from an authority that is not trusted here (\"Test Authority\"); if it should"
        expectNotSent(try await refresh("127.0.0.1", server.port, caFile: nil), to: server, saying: says)
        try await server.stop()
    }

    /// Lines for the certificate, or else for one between it and the authority, which is in the file.
    @Test(
        arguments: [
            (
                "extendedKeyUsage = clientAuth", nil,
                "its certificate is not made for servers; it has to be made anew with"
            ),
            (
                nil, "basicConstraints = CA:FALSE",
                "-1\", which its own comes from, is not made to be an authority; it has"
            ),
            (
                nil, "basicConstraints = CA:TRUE\nkeyUsage = cRLSign",
                "its own comes from, is not made to be an authority"
            ),
            (
                nil, "basicConstraints = CA:TRUE\nextendedKeyUsage = clientAuth",
                "which its own comes from, is not made for"
            ),
            (
                nil,
                "basicConstraints = critical,CA:TRUE\nnameConstraints = critical,permitted;IP:192.0.2.0/255.255.255.0",
                "its certificate leads to that of \"Test Authority\" in api.ca_file, but does not hold: another key signed"
            ),
        ] as [(String?, String?, String)]
    )
    func `a certificate that is not made for it is not`(_ own: String?, _ middle: String?, _ says: String) async throws
    {
        let identity =
            if let own {
                try authority.issue("IP:127.0.0.1", saying: own)
            } else {
                try authority.issue("IP:127.0.0.1", belowOneSaying: middle ?? "")
            }
        let server = try await TLSServer(identity, answer: answer)
        let outcome = try await refresh("127.0.0.1", server.port, caFile: authority.caFile)
        expectNotSent(outcome, to: server, saying: says)
        try await server.stop()
    }

    @Test func `a certificate without the one that it comes from is not`() async throws {
        let middle = "basicConstraints = CA:TRUE"
        let identity = try authority.issue("IP:127.0.0.1", belowOneSaying: middle, sent: false)
        let server = try await TLSServer(identity, answer: answer)
        let outcome = try await refresh("127.0.0.1", server.port, caFile: authority.caFile)
        let says = "comes from \"middle-1\", which is not trusted here and whose certificate the server does not send;"
        expectNotSent(outcome, to: server, saying: says)
        try await server.stop()
    }

    @Test func `an authority that is below another is not trusted alone`() async throws {
        let identity = try authority.issue("IP:127.0.0.1", belowOneSaying: "basicConstraints = CA:TRUE", sent: false)
        let server = try await TLSServer(identity, answer: answer)
        let outcome = try await refresh("127.0.0.1", server.port, caFile: authority.file("middle-1.pem"))
        let says =
            "its certificate leads to that of \"middle-1\" in api.ca_file, which comes from \"Test Authority\"; name"
        expectNotSent(outcome, to: server, saying: says)
        let both = try [authority.file("middle-1.pem"), authority.caFile].map {
            try String(contentsOfFile: $0, encoding: .utf8)
        }
        try authority.write(both.joined(), to: "both.pem")
        #expect(try await refresh("127.0.0.1", server.port, caFile: authority.file("both.pem")).kind == "received")
        try await server.stop()
    }

    @Test func `a certificate that has expired and is not needed hides nothing`() async throws {
        let other = try TestAuthority("Somebody Else")
        let old = try other.issue("IP:127.0.0.1", to: "20210101000000Z")
        let middle = "basicConstraints = CA:TRUE"
        let identity = try authority.issue("IP:127.0.0.1", belowOneSaying: middle, with: [old.certificate])
        let server = try await TLSServer(identity, answer: answer)
        #expect(try await refresh("127.0.0.1", server.port, caFile: authority.caFile).kind == "received")
        let outcome = try await refresh("127.0.0.1", server.port, caFile: nil)
        #expect(outcome.failure?.message.contains("comes from \"Test Authority\", which is not trusted") == true)
        try await server.stop()
    }

    @Test func `a certificate that signed itself and may not is not, though it is named`() async throws {
        let identity = try authority.selfSigned(
            "IP:127.0.0.1",
            saying: ["basicConstraints=CA:FALSE", "keyUsage=digitalSignature"]
        )
        let server = try await TLSServer(identity, answer: answer)
        let says = " not made to be an authority, which it has to be to be trusted; have it made anew with CA:TRUE and"
        for (file, beginning) in [
            (authority.caFile, "its certificate is self-signed, and"),
            (identity.certificate, "its certificate is in api.ca_file, but"),
        ] {
            let outcome = try await refresh("127.0.0.1", server.port, caFile: file)
            expectNotSent(outcome, to: server, saying: beginning + says)
        }
        try await server.stop()
    }

    @Test func `a certificate that names no host is not`() async throws {
        let server = try await TLSServer(try authority.issue("email:x@y.example"), answer: answer)
        let outcome = try await refresh("localhost", server.port, caFile: authority.caFile)
        let says = "its certificate is not for localhost: it names none in its subjectAltName; have one made that does"
        expectNotSent(outcome, to: server, saying: says)
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
        try authority.writeDER(of: authority.caFile, to: "ca.der")
        // Nobody writes to it: it must not be waited for.
        try #require(mkfifo(authority.file("fifo"), 0o600) == 0)
        let files = [
            "absent.pem": "can't be read: No such file", "empty.pem": "is empty", "broken.pem": "holds no certificate",
            "ca.key": "holds no certificate", ".": "is not a regular file", "fifo": "is not a regular file",
            "/dev/zero": "is not a regular file", "ca.der": "is DER; openssl x509 -inform DER -in FILE -out NEW.pem",
        ]
        for (name, says) in files {
            let file = name.hasPrefix("/") ? name : authority.file(name)
            let error = #expect(throws: UnusableCAFile.self) {
                try Fixture.api(AuthAPISettings(caFile: file))
            }
            #expect(error?.path == file)
            #expect(error?.problem.hasPrefix(says) == true, "\(name): \(error?.problem ?? "")")
        }
    }

    @Test(arguments: [TLSVersion.tlsv13, .tlsv12]) func `a server that asks for a certificate is named`(
        _ version: TLSVersion
    ) async throws {
        let identity = try authority.issue("IP:127.0.0.1")
        let server = try await TLSServer(
            identity,
            versions: (version, version),
            clientsOf: authority.caFile,
            answer: answer
        )
        let outcome = try await refresh("127.0.0.1", server.port, caFile: authority.caFile)
        let message = outcome.failure?.message ?? ""
        if version == .tlsv13 {
            // What was sent by then was never read; but nobody can know that of a server.
            #expect(outcome.kind == "ambiguous")
            let says = "failed: it asks for a certificate of the client, which is not supported"
            #expect(message == "the request to 127.0.0.1:\(server.port) \(says)")
        } else {
            #expect(outcome.kind == "not sent")
            #expect(message.contains("the TLS handshake failed ("), "\(message)")
        }
        #expect(server.received.isEmpty)
        try await server.stop()
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
