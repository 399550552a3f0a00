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
        case is NIOSSLExtraError: self = .tls(TransportFault.noHandshake)
        // With TLS 1.3 the request is under way before the server has looked for a certificate.
        case BoringSSLError.sslError(let stack) where TransportFault.asksForCertificate(stack.map(\.description)):
            self = .other(TransportFault.wantsCertificate)
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
        case .handshakeFailed: return .tls(noHandshake)
        default: return .closed
        }
    }

    private static let noHandshake = "the TLS handshake failed"
    private static let wantsCertificate = "it asks for a certificate of the client, which is not supported"

    /// Whether it is the alert `certificate_required` (RFC 8446, section 6.2).
    private static func asksForCertificate(_ errors: [String]) -> Bool {
        errors.contains { $0.contains("CERTIFICATE_REQUIRED") }
    }

    /// BoringSSL's reason, such as `error:1000042e:SSL routines:OPENSSL_internal:TLSV1_ALERT_PROTOCOL_VERSION at …`, in
    /// plain words.
    private static func clause(_ errors: [String]) -> String {
        let text = errors.joined(separator: " ")
        if text.contains("WRONG_VERSION_NUMBER") || text.contains("HTTP_REQUEST") {
            return "it does not speak TLS; is the port right?"
        }
        if text.contains("DOWNGRADE") || text.contains("INAPPROPRIATE_FALLBACK") {
            return "somebody on the way makes it speak an older version of TLS than it can"
        }
        if text.contains("PROTOCOL_VERSION") || text.contains("UNSUPPORTED_PROTOCOL") {
            return "it speaks no version of TLS that is still safe; it has to learn 1.2 or later"
        }
        if asksForCertificate(errors) { return wantsCertificate }
        let reason = errors.first?.split(separator: " at ").first?.split(separator: ":").last
        return reason.map { "\(noHandshake) (\($0.lowercased().replacing("_", with: " ")))" } ?? noHandshake
    }
}

extension CertificateRefusal {
    /// Nil for an error that means something else.
    init?(_ error: any Error) {
        switch error {
        case NIOSSLError.handshakeFailed(.sslError(let stack)), NIOSSLError.handshakeFailed(.unknownError(let stack)):
            guard stack.contains(where: { $0.description.contains("CERTIFICATE_VERIFY_FAILED") }) else { return nil }
            self = .chain
        case NIOSSLError.unableToValidateCertificate, NIOSSLError.noCertificateToValidate, NIOSSLError.cannotFindPeerIP:
            self = .host
        case let error as NIOSSLExtraError
        where [.failedToValidateHostname, .serverHostnameImpossibleToMatch].contains(error):
            self = .host
        default: return nil
        }
    }
}
