import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A directory with an authority that was made for one test, and what it signed. Removed when dropped.
final class TestAuthority: Sendable {
    let directory: URL
    /// The authority's own certificate, as a file.
    var caFile: String { file("ca.pem") }

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "quartile-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try write("", to: "index.txt")
        try openssl(
            ["req", "-x509", "-subj", "/CN=Test Authority", "-days", "30", "-keyout", "ca.key", "-out", "ca.pem"]
                + Self.key
        )
    }

    deinit {
        do {
            try FileManager.default.removeItem(at: directory)
        } catch {
            print("left behind: \(directory.path)")
        }
    }

    private static let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

    func file(_ name: String) -> String { directory.appending(path: name).path }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: directory.appending(path: name))
    }

    /// A certificate for `names` (as in `DNS:localhost,IP:127.0.0.1`), signed by the authority.
    func issue(_ names: String, from start: String = "20200101000000Z", to end: String = "20990101000000Z") throws
        -> TestIdentity
    {
        try openssl(["req", "-subj", "/CN=leaf", "-keyout", "leaf.key", "-out", "leaf.csr"] + Self.key)
        let configuration = """
            [ca]
            default_ca = authority
            [authority]
            new_certs_dir = .
            database = index.txt
            rand_serial = yes
            unique_subject = no
            default_md = sha256
            policy = policy
            certificate = ca.pem
            private_key = ca.key
            x509_extensions = extensions
            [policy]
            commonName = supplied
            [extensions]
            basicConstraints = CA:FALSE
            subjectAltName = \(names)
            """
        try write(configuration, to: "ca.cnf")
        try openssl([
            "ca", "-batch", "-notext", "-config", "ca.cnf", "-startdate", start, "-enddate", end, "-in", "leaf.csr",
            "-out", "leaf.pem",
        ])
        return TestIdentity(certificate: file("leaf.pem"), key: file("leaf.key"))
    }

    /// A certificate for `names` that only itself has signed.
    func selfSigned(_ names: String) throws -> TestIdentity {
        try openssl(
            [
                "req", "-x509", "-subj", "/CN=self", "-days", "30", "-addext", "subjectAltName=\(names)", "-keyout",
                "self.key", "-out", "self.pem",
            ] + Self.key
        )
        return TestIdentity(certificate: file("self.pem"), key: file("self.key"))
    }

    private struct OpenSSLFailed: Error { var output: String }

    private func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.currentDirectoryURL = directory
        let output = Pipe()
        process.standardError = output
        process.standardOutput = output
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw OpenSSLFailed(output: String(decoding: text, as: UTF8.self)) }
    }
}

/// A certificate and its key, as PEM files.
struct TestIdentity {
    var certificate: String
    var key: String
}

/// A server on loopback that speaks TLS, and gives the same answer to whatever ends in `}`.
final class TLSServer: Sendable {
    private let channel: any Channel
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let log = Log()

    fileprivate final class Log: Sendable { let text = Mutex("") }

    /// All that came in, deciphered.
    var received: String { log.text.withLock { $0 } }
    var port: Int { channel.localAddress?.port ?? 0 }

    init(
        _ identity: TestIdentity,
        versions: (TLSVersion, TLSVersion?) = (.tlsv12, nil),
        answer: String
    ) async throws {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(identity.certificate).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: identity.key, format: .pem))
        )
        configuration.minimumTLSVersion = versions.0
        configuration.maximumTLSVersion = versions.1
        let context = try NIOSSLContext(configuration: configuration)
        channel = try await ServerBootstrap(group: group)
            .childChannelInitializer { [log] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(
                        NIOSSLServerHandler(context: context),
                        Answerer(answer, log: log)
                    )
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    func stop() async throws {
        try await channel.close()
        try await group.shutdownGracefully()
    }

    private final class Answerer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let answer: String
        private let log: Log

        init(_ answer: String, log: Log) {
            self.answer = answer
            self.log = log
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let text = String(buffer: unwrapInboundIn(data))
            log.text.withLock { $0 += text }
            guard text.hasSuffix("}") else { return }
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
