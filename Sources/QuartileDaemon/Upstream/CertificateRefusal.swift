import QuartileCore

/// Which check a server's certificate did not pass.
enum CertificateRefusal: Sendable, Equatable {
    /// It does not lead to an authority that is trusted, or is out of date, or so is one on the way.
    case chain
    /// It is sound, and for another host.
    case host
}

extension CertificateRefusal {
    /// What is wrong with the certificate and what helps, in a clause.
    ///
    /// Where the chain does not hold, the library that found out does not say why. So this looks at what the server
    /// presents, the server's own certificate first, and at the certificates of `api.ca_file`, which `trusted` has.
    func clause(host: String, presented: [CertificateFacts], trusted: [CertificateFacts], now: UnixTime) -> String {
        guard let own = presented.first, let last = presented.last else { return unexplained }
        switch self {
        case .host:
            let names = own.hosts.isEmpty ? "none that it names" : own.hosts.prefix(3).joined(separator: ", ")
            return "its certificate is for another host (\(names)), not for \(host); is the base URL right?"
        case .chain:
            return expiry(of: own, "its certificate", now)
                ?? presented.dropFirst().lazy.compactMap { expiry(of: $0, "a certificate of its authority", now) }.first
                ?? (own.issuer == own.subject ? selfSigned : distrust(of: last, trusted, now))
        }
    }

    private var unexplained: String {
        switch self {
        case .chain:
            "its certificate has expired, is self-signed or comes from an authority that is not trusted here"
                + " (api.ca_file adds one)"
        case .host: "its certificate is for another host; is the base URL right?"
        }
    }

    private func expiry(of certificate: CertificateFacts, _ name: String, _ now: UnixTime) -> String? {
        if now > certificate.notAfter {
            return "\(name) expired at \(certificate.notAfter.rfc3339); it has to be renewed there"
                + " (or the clock set here, if this is not \(now.rfc3339))"
        }
        if now < certificate.notBefore {
            return "\(name) is not valid before \(certificate.notBefore.rfc3339);"
                + " the clock here says \(now.rfc3339), is it right?"
        }
        return nil
    }

    private var selfSigned: String {
        "its certificate is self-signed; if you know it to be the right one, name a copy of it in api.ca_file"
    }

    private func distrust(of last: CertificateFacts, _ trusted: [CertificateFacts], _ now: UnixTime) -> String {
        let name = last.issuer.shown.map { "\u{22}\($0)\u{22}" } ?? "an authority without a name"
        guard let authority = trusted.first(where: { $0.subject == last.issuer }) else {
            return "its certificate comes from an authority that is not trusted here (\(name));"
                + " if it should be, name the authority's certificate in api.ca_file"
        }
        return expiry(of: authority, "the certificate of \(name) in api.ca_file", now)
            ?? "its certificate does not follow from that of \(name) in api.ca_file; is that the right one?"
    }
}
