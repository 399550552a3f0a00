/// What went wrong below HTTP, or on the way through a proxy.
enum TransportFault: Sendable, Equatable {
    /// The name has no address, or the resolver can't be asked.
    case unresolved(host: String)
    /// Nobody listens at the port.
    case connectionRefused
    /// The system gave this error number when it was asked to connect.
    case cannotConnect(errno: CInt)
    /// The TLS handshake failed, in a clause.
    case tls(String)
    /// The proxy answered CONNECT with something other than success.
    case proxyRefused
    /// The proxy asks for a name and password.
    case proxyWantsLogin
    /// The time for the whole exchange ran out.
    case timedOut
    /// The connection ended.
    case closed
    /// What came back is not HTTP/1.1.
    case notHTTP
    /// The body is larger than is read.
    case tooLarge
    /// The daemon is stopping.
    case stopping
    /// Something else, in a clause.
    case other(String)
}
