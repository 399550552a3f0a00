import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
package import QuartileCore
import Synchronization

/// How the upstream API is reached.
package struct AuthAPISettings: Sendable {
    /// What one exchange may take, from looking up the host to the last byte of the answer.
    package var timeout: Milliseconds
    /// A file of PEM certificates that are trusted beside the system's.
    package var caFile: String?
    /// An HTTP proxy that is asked to tunnel (CONNECT). Loopback hosts are reached without it.
    package var proxy: ProxyAddress?

    /// Settings as given.
    package init(timeout: Milliseconds = .seconds(30), caFile: String? = nil, proxy: ProxyAddress? = nil) {
        self.timeout = timeout
        self.caFile = caFile
        self.proxy = proxy
    }
}

/// Sends POST requests, each once.
///
/// A request is never sent a second time, whatever happens: a redirect is an answer like another, a connection is used
/// once, so that none is found dead after the request was written, and connecting is tried once. There are no cookies
/// and no cache; neither proxies nor key logs are taken from the environment; certificates are always verified.
final class HTTPPoster: Sendable {
    /// The most connections to one host where nothing else is said: with many accounts due at once the rest wait their
    /// turn, within their timeout.
    static let connectionsPerHost = 16

    private let direct: HTTPClient
    private let tunnelled: HTTPClient?
    private let proxy: ProxyAddress?
    private let timeout: TimeAmount
    private let clock: any MomentSource
    private let eventLoop: any EventLoop
    private let probe: CertificateProbe
    /// What `api.ca_file` says.
    private let trusted: [CertificateFacts]

    /// A poster that trusts `roots`, which `api.ca_file` names, beside the system's authorities.
    init(
        _ settings: AuthAPISettings,
        trusting roots: [NIOSSLCertificate],
        clock: any MomentSource,
        eventLoop: any EventLoop,
        connectionsPerHost: Int = connectionsPerHost
    ) {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        tls.certificateVerification = .fullVerification
        if !roots.isEmpty { tls.additionalTrustRoots = [.certificates(roots)] }
        trusted = roots.compactMap { CertificateFacts($0) }

        timeout = .milliseconds(max(1, settings.timeout.count))
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls,
            redirectConfiguration: .disallow,
            timeout: .init(connect: timeout),
            decompression: .disabled
        )
        configuration.httpVersion = .http1Only
        configuration.maximumUsesPerConnection = 1
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connectionsPerHost
        // A connection that was made for a request which then ran out of time would wait here, unused.
        configuration.connectionPool.idleTimeout = .milliseconds(100)

        // All on one loop: a deadline can't pass on one thread while the request is being written on another.
        direct = HTTPClient(eventLoopGroupProvider: .shared(eventLoop), configuration: configuration)
        if let proxy = settings.proxy {
            configuration.proxy = .server(host: proxy.host, port: proxy.port)
            tunnelled = HTTPClient(eventLoopGroupProvider: .shared(eventLoop), configuration: configuration)
        } else {
            tunnelled = nil
        }
        proxy = settings.proxy
        probe = CertificateProbe(eventLoop: eventLoop, limit: min(timeout, .seconds(3)), configuration: tls)
        self.clock = clock
        self.eventLoop = eventLoop
    }

    /// Posts `body` to `path` below `base`. Not ended by the cancellation of the calling task: what a server may have
    /// acted on is worth waiting for.
    func post(_ body: [UInt8], to path: String, at base: BaseURL, headers: [(String, String)]) async -> HTTPExchange {
        let client = base.isLoopback ? direct : tunnelled ?? direct
        let recorder = ExchangeRecorder(clock: clock)
        do {
            let request = try HTTPClient.Request(
                url: base.text + path,
                method: .POST,
                headers: HTTPHeaders(headers + [("Connection", "close")]),
                body: .byteBuffer(ByteBuffer(bytes: body))
            )
            let task = client.execute(request: request, delegate: recorder, deadline: .now() + timeout)
            try await task.futureResult.get()
            return recorder.exchange(endedBy: nil)
        } catch {
            return recorder.exchange(endedBy: await fault(error, at: base))
        }
    }

    private func fault(_ error: any Error, at base: BaseURL) async -> TransportFault {
        guard let refusal = CertificateRefusal(error) else { return TransportFault(clientError: error) }
        let presented = await probe.look(at: base, through: base.isLoopback ? nil : proxy)
        // By the clock that certificates were held against.
        let now = SystemClock().now().wall
        return .tls(refusal.clause(host: base.host, presented: presented, trusted: trusted, now: now))
    }

    /// How long connections are waited for that are being closed.
    private static let closingTime = TimeAmount.seconds(1)

    /// Closes all connections; what is under way ends as if it had been cut off. To be called once, before the last
    /// reference goes.
    func shutdown() async {
        for client in [direct, tunnelled].compactMap({ $0 }) {
            let closed = eventLoop.makePromise(of: Void.self)
            closed.completeWithTask { try await client.shutdown() }
            // A connection whose server is silent in the handshake is not closed until the time for connecting is over.
            let limit = eventLoop.scheduleTask(in: HTTPPoster.closingTime) { closed.succeed() }
            // Fails only if it was shut down before, and then it is what was asked for.
            try? await closed.futureResult.get()
            limit.cancel()
        }
    }
}

/// Keeps what happens in one exchange, for whatever way it ends.
private final class ExchangeRecorder: HTTPClientResponseDelegate {
    private struct Record {
        var sent: Moment?
        var answer: HTTPAnswer?
    }

    private let clock: any MomentSource
    private let record = Mutex(Record())

    init(clock: any MomentSource) { self.clock = clock }

    // Called once the head is written and before any of the body is: without its body, the API can't act on a request.
    func didSendRequestHead(task: HTTPClient.Task<Void>, _ head: HTTPRequestHead) {
        let now = clock.now()
        record.withLock { $0.sent = now }
    }

    func didReceiveHead(task: HTTPClient.Task<Void>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
        record.withLock {
            $0.answer = HTTPAnswer(status: Int(head.status.code), headers: head.headers.map { ($0.name, $0.value) })
        }
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(task: HTTPClient.Task<Void>, _ buffer: ByteBuffer) -> EventLoopFuture<Void> {
        let fits = record.withLock { record in
            let room = HTTPAnswer.largestBody - (record.answer?.body.count ?? 0)
            record.answer?.body.append(contentsOf: buffer.readableBytesView.prefix(room))
            return buffer.readableBytes <= room
        }
        return fits ? task.eventLoop.makeSucceededVoidFuture() : task.eventLoop.makeFailedFuture(BodyTooLarge())
    }

    func didFinishRequest(task: HTTPClient.Task<Void>) {}

    func exchange(endedBy fault: TransportFault?) -> HTTPExchange {
        record.withLock { record in
            switch (record.sent, record.answer) {
            case (nil, _): return .notSent(fault ?? .closed)
            case (.some, nil): return .unanswered(fault ?? .closed)
            case (.some(let sent), .some(var answer)):
                answer.fault = fault
                return .answered(answer, sent: sent)
            }
        }
    }
}

private struct BodyTooLarge: Error {}

extension TransportFault {
    /// What an error that the client threw means.
    fileprivate init(clientError error: any Error) {
        switch error {
        case let error as HTTPClientError: self = TransportFault.client(error)
        case HTTPParserError.invalidEOFState: self = .closed
        case is HTTPParserError: self = .notHTTP
        case is BodyTooLarge: self = .tooLarge
        default: self.init(error)
        }
    }

    private static func client(_ error: HTTPClientError) -> TransportFault {
        switch error {
        case .connectTimeout, .tlsHandshakeTimeout, .httpProxyHandshakeTimeout, .getConnectionFromPoolTimeout,
            .deadlineExceeded:
            .timedOut
        case .remoteConnectionClosed: .closed
        case .proxyAuthenticationRequired: .proxyWantsLogin
        case .invalidProxyResponse: .proxyRefused
        case .alreadyShutdown, .cancelled: .stopping
        default: .other("the HTTP client gave up (\(error.shortDescription))")
        }
    }
}
