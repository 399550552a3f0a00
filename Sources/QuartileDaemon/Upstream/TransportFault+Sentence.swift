import QuartileCore

/// Whom a request went to, for sentences about it.
struct Peer: Sendable {
    /// The API's host and port.
    var endpoint: String
    /// The proxy's, where the way leads through one.
    var proxy: String?
    /// What the exchange may take.
    var timeout: Milliseconds

    /// Who is connected to.
    fileprivate var first: String { proxy.map { "the proxy \($0)" } ?? endpoint }

    fileprivate var limit: String {
        timeout.count % 1000 == 0 ? "\(timeout.count / 1000) s" : "\(timeout.inSeconds) s"
    }
}

extension TransportFault {
    /// Why nothing was sent.
    func whileConnecting(to peer: Peer) -> String {
        switch self {
        case .unresolved(let host): "can't resolve host \(host)"
        case .connectionRefused: "\(peer.first) refused the connection"
        case .cannotConnect(let errno): "can't connect to \(peer.first): \(Errno(errno))"
        case .tls(let clause): "no secure connection to \(peer.endpoint): \(clause)"
        case .proxyRefused: "\(peer.first) refuses to connect to \(peer.endpoint)"
        case .proxyWantsLogin: "\(peer.first) asks for a login, which is not supported"
        case .timedOut: "no connection to \(peer.endpoint) within \(peer.limit)"
        case .closed: "\(peer.first) closed the connection before the request was sent"
        case .notHTTP, .tooLarge: "\(peer.first) does not speak HTTP"
        case .stopping: "the daemon is stopping"
        case .other(let clause): "can't connect to \(peer.first): \(clause)"
        }
    }

    /// Why no answer came to what was sent.
    func whileWaiting(for peer: Peer) -> String {
        switch self {
        case .timedOut: "\(peer.endpoint) did not answer within \(peer.limit)"
        case .notHTTP: "\(peer.endpoint) does not answer in HTTP"
        case .stopping: "the daemon stopped before \(peer.endpoint) had answered"
        case .other(let clause): "the request to \(peer.endpoint) failed: \(clause)"
        case .closed, .connectionRefused, .cannotConnect, .tls, .unresolved, .proxyRefused, .proxyWantsLogin, .tooLarge:
            "\(peer.endpoint) closed the connection without an answer"
        }
    }

    /// Why an answer is not whole.
    func whileReading(from peer: Peer) -> String {
        switch self {
        case .timedOut: "\(peer.endpoint) did not finish its answer within \(peer.limit)"
        case .notHTTP: "\(peer.endpoint) did not end its answer as HTTP says"
        case .tooLarge: "\(peer.endpoint) answered with more than \(HTTPAnswer.largestBody >> 20) MiB"
        case .stopping: "the daemon stopped before \(peer.endpoint) had finished its answer"
        case .other(let clause): "the answer of \(peer.endpoint) broke off: \(clause)"
        case .closed, .connectionRefused, .cannotConnect, .tls, .unresolved, .proxyRefused, .proxyWantsLogin:
            "\(peer.endpoint) broke off its answer"
        }
    }
}

extension ProxyAddress {
    /// The host and port, as people write them.
    var endpoint: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
