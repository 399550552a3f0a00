import NIOCore
import NIOPosix
import NIOSSL

extension TransportFault {
    /// What `error` means, where the HTTP client passed it on from below.
    init(_ error: any Error) {
        switch error {
        case let error as NIOConnectionError: self = TransportFault.connecting(error)
        case let error as IOError: self = TransportFault.system(error.errnoCode)
        case is SocketAddressError: self = .other("the address can't be used")
        case ChannelError.connectTimeout: self = .timedOut
        case is ChannelError: self = .closed
        case let error as NIOSSLError: self = TransportFault.handshake(error)
        case let error as NIOSSLExtraError: self = TransportFault.hostname(error)
        case is BoringSSLError: self = .closed
        default: self = .other("an error of type \(type(of: error))")
        }
    }

    private static func connecting(_ error: NIOConnectionError) -> TransportFault {
        // One address that answered with a reason says more than another family's lack of one.
        if let first = error.connectionErrors.first { return TransportFault(first.error) }
        return .unresolved(host: error.host)
    }

    private static func system(_ errno: CInt) -> TransportFault {
        switch errno {
        case ECONNREFUSED: .connectionRefused
        case ECONNRESET, EPIPE, ENOTCONN: .closed
        case ETIMEDOUT: .timedOut
        default: .cannotConnect(errno: errno)
        }
    }
}

extension TransportFault {
    private static func handshake(_ error: NIOSSLError) -> TransportFault {
        switch error {
        case .handshakeFailed(.sslError(let stack)), .handshakeFailed(.unknownError(let stack)):
            if stack.contains(.eofDuringHandshake) { return .tls("the connection was closed during the TLS handshake") }
            return .tls(clause(stack.map(\.description)))
        case .handshakeFailed: return .tls("the TLS handshake failed")
        case .unableToValidateCertificate, .noCertificateToValidate, .cannotFindPeerIP: return .tls(wrongHost)
        default: return .closed
        }
    }

    private static func hostname(_ error: NIOSSLExtraError) -> TransportFault {
        switch error {
        case .failedToValidateHostname, .serverHostnameImpossibleToMatch: .tls(wrongHost)
        default: .tls("the TLS handshake failed")
        }
    }

    private static let wrongHost = "its certificate is for another host"

    /// BoringSSL's reason, such as `error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at …`, in
    /// plain words. Why a chain does not hold is not among what it tells.
    private static func clause(_ errors: [String]) -> String {
        let text = errors.joined(separator: " ")
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            return "its certificate has expired, is self-signed or comes from an authority that is not trusted here"
                + " (api.ca_file adds one)"
        }
        if text.contains("WRONG_VERSION_NUMBER") || text.contains("HTTP_REQUEST") { return "it does not speak TLS" }
        if text.contains("PROTOCOL_VERSION") || text.contains("UNSUPPORTED_PROTOCOL") {
            return "it speaks no version of TLS that is still safe (1.2 or later)"
        }
        let reason = errors.first?.split(separator: " at ").first?.split(separator: ":").last
        return reason.map { "the TLS handshake failed (\($0.lowercased().replacing("_", with: " ")))" }
            ?? "the TLS handshake failed"
    }
}
