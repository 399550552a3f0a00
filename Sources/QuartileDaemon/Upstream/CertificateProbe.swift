import NIOCore
import NIOPosix
import NIOSSL
import QuartileCore
import Synchronization

/// Looks at the certificates that a server presents, to tell people why they were refused.
///
/// Whatever is presented is refused here too: the handshake ends with it, and there is nobody who would send a request.
final class CertificateProbe: Sendable {
    private let eventLoop: any EventLoop
    private let limit: TimeAmount
    private let configuration: TLSConfiguration
    /// One look at a server at a time, whose result is everybody's: with many accounts due at once, each with a look of
    /// its own, the descriptors would not do.
    private let looks = Mutex<[BaseURL: EventLoopPromise<[CertificateFacts]>]>([:])

    /// Looks that take at most `limit`.
    ///
    /// - Parameter configuration: That of requests: servers present different certificates to different clients.
    init(eventLoop: any EventLoop, limit: TimeAmount, configuration: TLSConfiguration) {
        self.eventLoop = eventLoop
        self.limit = limit
        var configuration = configuration
        // None is asked for: the callback below stands in for them. It saves reading those of the system.
        configuration.trustRoots = .certificates([])
        self.configuration = configuration
    }

    /// What the server at `base` presents, its own certificate first. Nothing where it can't be had in time.
    func look(at base: BaseURL, through proxy: ProxyAddress?) async -> [CertificateFacts] {
        let new = eventLoop.makePromise(of: [CertificateFacts].self)
        let other = looks.withLock { looks in
            let other = looks[base]
            if other == nil { looks[base] = new }
            return other
        }
        if let other {
            new.completeWith(other.futureResult)
        } else {
            begin(base, proxy, new)
            new.futureResult.whenComplete { [self] _ in looks.withLock { $0[base] = nil } }
        }
        // Why there is none is of no interest: the refusal that is to be explained is known.
        return (try? await new.futureResult.get()) ?? []
    }

    private func begin(_ base: BaseURL, _ proxy: ProxyAddress?, _ chain: EventLoopPromise<[CertificateFacts]>) {
        let timeout = eventLoop.scheduleTask(in: limit) { chain.fail(Ended()) }
        chain.futureResult.whenComplete { _ in timeout.cancel() }
        do {
            let tls = TLS(context: try NIOSSLContext(configuration: configuration), host: base.host, chain: chain)
            ClientBootstrap(group: eventLoop)
                .connectTimeout(limit)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        guard proxy != nil else { return try tls.begin(in: channel.pipeline.syncOperations) }
                        try channel.pipeline.syncOperations.addHandler(Tunnel(to: base.endpoint, for: tls))
                    }
                }
                .connect(host: proxy?.host ?? base.host, port: proxy?.port ?? base.port)
                .whenComplete { result in
                    switch result {
                    case .success(let channel): chain.futureResult.whenComplete { _ in channel.close(promise: nil) }
                    case .failure(let error): chain.fail(error)
                    }
                }
        } catch {
            chain.fail(error)
        }
    }
}

private struct Ended: Error {}

/// A handshake that goes as far as the server's certificates.
private struct TLS: Sendable {
    let context: NIOSSLContext
    let host: String
    let chain: EventLoopPromise<[CertificateFacts]>

    func begin(in pipeline: ChannelPipeline.SynchronousOperations) throws {
        // An address is no name to ask a server for (RFC 6066, section 3).
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        let refuse: NIOSSLCustomVerificationCallback = { [chain] certificates, verdict in
            chain.succeed(certificates.compactMap { CertificateFacts($0) })
            verdict.succeed(.failed)
        }
        let handler = try NIOSSLClientHandler(
            context: context,
            serverHostname: isAddress ? nil : host,
            customVerificationCallback: refuse
        )
        try pipeline.addHandlers(handler, End(chain: chain))
    }
}

/// Ends the wait where the connection ends.
private final class End: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let chain: EventLoopPromise<[CertificateFacts]>

    init(chain: EventLoopPromise<[CertificateFacts]>) { self.chain = chain }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { chain.fail(error) }
    func channelInactive(context: ChannelHandlerContext) { chain.fail(Ended()) }
}

/// Asks a proxy for a way to the server (RFC 9110, section 9.3.6), and goes on with TLS there.
private final class Tunnel: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    /// How long the head of a proxy's answer may be.
    private static let longestHead = 8 << 10

    private let endpoint: String
    private let tls: TLS
    private var answer = ByteBuffer()

    init(to endpoint: String, for tls: TLS) {
        self.endpoint = endpoint
        self.tls = tls
    }

    func channelActive(context: ChannelHandlerContext) {
        let request = "CONNECT \(endpoint) HTTP/1.1\r\nHost: \(endpoint)\r\n\r\n"
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: request)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var part = unwrapInboundIn(data)
        answer.writeBuffer(&part)
        let head = String(buffer: answer)
        guard head.hasSuffix("\r\n\r\n") else {
            if answer.readableBytes > Tunnel.longestHead { tls.chain.fail(Ended()) }
            return
        }
        guard head.hasPrefix("HTTP/1.1 2") || head.hasPrefix("HTTP/1.0 2") else { return tls.chain.fail(Ended()) }
        let pipeline = context.pipeline.syncOperations
        pipeline.removeHandler(context: context, promise: nil)
        do {
            try tls.begin(in: pipeline)
        } catch {
            tls.chain.fail(error)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { tls.chain.fail(error) }
    func channelInactive(context: ChannelHandlerContext) { tls.chain.fail(Ended()) }
}
