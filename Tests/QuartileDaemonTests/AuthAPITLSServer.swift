import EndToEndHarness
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A server on loopback that speaks TLS, and gives the same answer to whatever ends in `}`.
final class TLSServer: Sendable {
    private let channel: any Channel
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let log = Log()

    fileprivate final class Log: Sendable { let text = Mutex("") }

    /// All that came in, deciphered.
    var received: String { log.text.withLock { $0 } }
    var port: Int { channel.localAddress?.port ?? 0 }

    /// - Parameter authority: Whose certificates clients must have, as a file; nil if they need none.
    init(
        _ identity: TestIdentity,
        versions: (TLSVersion, TLSVersion?) = (.tlsv12, nil),
        clientsOf authority: String? = nil,
        answer: String
    ) async throws {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(identity.certificate).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: identity.key, format: .pem))
        )
        configuration.minimumTLSVersion = versions.0
        configuration.maximumTLSVersion = versions.1
        if let authority {
            configuration.trustRoots = .file(authority)
            configuration.certificateVerification = .noHostnameVerification
        }
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
