import Glibc
import NIOSSL
import QuartileCore
import SwiftASN1

/// What a certificate says of itself (RFC 5280, section 4.1).
///
/// Nothing of it is verified: it tells people why a certificate was refused, and decides nothing.
struct CertificateFacts: Sendable, Equatable {
    var notBefore: UnixTime
    var notAfter: UnixTime
    var issuer: Name
    var subject: Name
    /// The DNS names and addresses that it is for, in the order it names them.
    var hosts: [String]
    /// Whether its key may sign certificates: a `keyUsage` says that, or there is none.
    var maySign = true
    /// Whether it may come between a server's certificate and an authority's.
    var isAuthority = true
    /// Whether it may be used for servers: an `extendedKeyUsage` says that, or there is none.
    var isForServers = true
    /// What it says its key is known by, and the key that signed it.
    var keyID: [UInt8]?
    var issuerKeyID: [UInt8]?
    /// All of it, as it is encoded.
    var encoded: [UInt8] = []

    /// A distinguished name.
    struct Name: Sendable, Equatable {
        /// As it is encoded.
        var encoded: [UInt8]
        /// Its common name or else its organisation, fit to be shown.
        var shown: String?
    }
}

extension CertificateFacts {
    /// Nil for one whose encoding is not what it should be.
    init?(_ certificate: NIOSSLCertificate) {
        // What can't be read is not told: the sentence for that case says no less than is known.
        guard let bytes = try? certificate.toDERBytes(), let root = try? DER.parse(bytes) else { return nil }
        let contents = root.children.first?.children ?? []
        // The version comes first, or, where it is the first version, not at all.
        let fields = Array(contents.drop { $0.isTagged(0) })
        // The serial number, the algorithm, the issuer, the validity, the subject.
        guard fields.count > 4 else { return nil }
        notBefore = UnixTime(seconds: Int64(certificate.notValidBefore))
        notAfter = UnixTime(seconds: Int64(certificate.notValidAfter))
        issuer = Name(fields[2])
        subject = Name(fields[4])
        encoded = bytes
        let all = fields.first { $0.isTagged(3) }?.children.first?.children ?? []
        let extensions = CertificateExtensions(all)
        hosts = CertificateFacts.hosts(extensions[.alternativeNames]?.children ?? [])
        // Bit 5 of the octets, which a count of unused bits precedes.
        maySign = extensions[.keyUsage].map { ($0.bytes.dropFirst().first ?? 0) & 0x04 != 0 } ?? true
        isAuthority = maySign && extensions[.basicConstraints]?.children.first?.isTrue == true
        isForServers =
            extensions[.extendedKeyUsage].map { $0.children.contains(where: \.isServerAuthentication) } ?? true
        keyID = extensions[.subjectKeyIdentifier].map { Array($0.bytes) }
        issuerKeyID = extensions[.authorityKeyIdentifier]?.children.first { $0.isTagged(0) }.map { Array($0.bytes) }
    }

    /// The subject's alternative names (RFC 5280, section 4.2.1.6).
    private static func hosts(_ names: [ASN1Node]) -> [String] {
        names.compactMap { name in
            if name.isTagged(2) { return host(String(decoding: name.bytes, as: UTF8.self)) }
            return name.isTagged(7) ? address(name.bytes) : nil
        }
    }

    /// A DNS name, fit to be shown without quotation marks.
    private static func host(_ name: String) -> String {
        printable(name).replacing(/[^A-Za-z0-9.*_-]/) { _ in "?" }
    }

    private static func address(_ bytes: ArraySlice<UInt8>) -> String? {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard inet_ntop(family, Array(bytes), &text, socklen_t(text.count)) != nil else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// The extensions of a certificate (RFC 5280, section 4.2).
private struct CertificateExtensions {
    /// The last number of the identifier 2.5.29.N.
    enum Kind: UInt8 {
        case subjectKeyIdentifier = 14
        case keyUsage = 15
        case alternativeNames = 17
        case basicConstraints = 19
        case authorityKeyIdentifier = 35
        case extendedKeyUsage = 37
    }

    private let nodes: [ASN1Node]

    init(_ nodes: [ASN1Node]) { self.nodes = nodes }

    /// The value; nil also where it can't be read, which then tells nothing.
    subscript(_ kind: Kind) -> ASN1Node? {
        let node = nodes.first { $0.children.first?.bytes == [0x55, 0x1D, kind.rawValue] }
        return node?.children.last.flatMap { try? DER.parse($0.bytes) }
    }
}

extension CertificateFacts.Name {
    /// Reads a name (RFC 5280, section 4.1.2.4).
    fileprivate init(_ node: ASN1Node) {
        encoded = Array(node.encodedBytes)
        let attributes = node.children.flatMap(\.children).map(\.children).filter { $0.count == 2 }
        let commonName = attributes.first { $0[0].bytes == [0x55, 0x04, 0x03] }
        let organisation = attributes.first { $0[0].bytes == [0x55, 0x04, 0x0A] }
        shown = (commonName ?? organisation).map { printable(String(decoding: $0[1].bytes, as: UTF8.self)) }
    }
}

extension ASN1Node {
    /// What it is made of; nothing where it is made of bytes.
    fileprivate var children: [ASN1Node] {
        switch content {
        case .constructed(let nodes): Array(nodes)
        case .primitive: []
        }
    }

    /// Its bytes; none where it is made of other nodes.
    fileprivate var bytes: ArraySlice<UInt8> {
        switch content {
        case .constructed: []
        case .primitive(let bytes): bytes
        }
    }

    fileprivate var isTrue: Bool { identifier == .boolean && bytes.first.map { $0 != 0 } == true }

    /// Whether it is the purpose of TLS servers, 1.3.6.1.5.5.7.3.1 (RFC 5280, section 4.2.1.12).
    fileprivate var isServerAuthentication: Bool { bytes == [0x2B, 6, 1, 5, 5, 7, 3, 1] }

    /// Whether it is the part with this number of what it belongs to.
    fileprivate func isTagged(_ number: UInt) -> Bool {
        identifier.tagClass == .contextSpecific && identifier.tagNumber == number
    }
}
