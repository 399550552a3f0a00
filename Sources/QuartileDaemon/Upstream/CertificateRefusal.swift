import QuartileCore

/// Which check a server's certificate did not pass.
enum CertificateRefusal: Sendable, Equatable {
    /// It does not lead to an authority that is trusted, or it or one on the way is out of date or not made for this.
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
        guard let own = presented.first else { return unexplained }
        switch self {
        case .host:
            guard !own.hosts.isEmpty else {
                return
                    "its certificate is not for \(host): it names none in its subjectAltName; have one made that does"
            }
            let names = own.hosts.prefix(3).joined(separator: ", ")
            return "its certificate is for another host (\(names)), not for \(host); is the base URL right?"
        case .chain:
            return chainClause(CertificatePath(from: own, among: presented.dropFirst(), to: trusted), trusted, now)
        }
    }

    private func chainClause(_ path: CertificatePath, _ trusted: [CertificateFacts], _ now: UnixTime) -> String {
        guard let own = path.links.first else { return unexplained }
        let others = path.links.dropFirst()
        let expired =
            expiry(of: own, "its certificate", now)
            ?? others.lazy.compactMap { expiry(of: $0, "a certificate of its authority", now) }.first
        if let expired { return expired }
        if own.isSelfSigned { return selfSigned(own, trusted) }
        let misused = misuse(own, "its certificate") ?? others.lazy.compactMap(misuse).first
        return misused ?? distrust(of: path, trusted, now)
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

    private func selfSigned(_ own: CertificateFacts, _ trusted: [CertificateFacts]) -> String {
        let isNamed = trusted.contains(own)
        guard own.maySign else {
            return (isNamed ? "its certificate is in api.ca_file, but" : "its certificate is self-signed, and")
                + " not made to be an authority, which it has to be to be trusted; have it made anew with CA:TRUE and"
                + " keyCertSign, and name a copy of the new one in api.ca_file"
        }
        return isNamed
            ? unsound("its certificate is in api.ca_file")
            : "its certificate is self-signed; if you know it to be the right one, name a copy of it in api.ca_file"
    }

    /// What a certificate between the server's own and the authority's is not made for.
    private func misuse(_ middle: CertificateFacts) -> String? {
        // An authority's own is not held to this.
        guard !middle.isSelfSigned else { return nil }
        let name = "the certificate of \(shown(middle.subject)), which its own comes from,"
        guard middle.isAuthority else {
            return "\(name) is not made to be an authority; it has to be made anew with CA:TRUE and keyCertSign"
        }
        return misuse(middle, name)
    }

    private func misuse(_ certificate: CertificateFacts, _ name: String) -> String? {
        certificate.isForServers
            ? nil : "\(name) is not made for servers; it has to be made anew with serverAuth in its extendedKeyUsage"
    }

    private func distrust(of path: CertificatePath, _ trusted: [CertificateFacts], _ now: UnixTime) -> String {
        guard let last = path.links.last else { return unexplained }
        let name = shown(last.issuer)
        guard let namesake = path.authorities.first else {
            return last.isSelfSigned
                ? "its certificate comes from an authority that is not trusted here (\(name));"
                    + " if it should be, name the authority's certificate in api.ca_file"
                : "its certificate comes from \(name), which is not trusted here and whose certificate the server does"
                    + " not send; it should, or, if that is an authority to be trusted by itself, name its certificate"
                    + " in api.ca_file"
        }
        let authorities = path.authorities.filter { $0.mayHaveSigned(last) }
        guard !authorities.isEmpty else {
            return "its certificate does not follow from that of \(name) in api.ca_file, which has another key;"
                + " is that the right one?"
        }
        let authority = authorities.first { expiry(of: $0, "", now) == nil }
        guard let authority else {
            return expiry(of: namesake, "the certificate of \(name) in api.ca_file", now) ?? unexplained
        }
        guard authority.maySign else {
            return "the certificate of \(name) in api.ca_file is not made to be an authority; it has to be made anew"
                + " with CA:TRUE and keyCertSign"
        }
        // One that another signed is not enough.
        guard authority.isSelfSigned || trusted.contains(where: { $0.mayHaveSigned(authority) }) else {
            return
                "its certificate leads to that of \(name) in api.ca_file, which comes from \(shown(authority.issuer));"
                + " name the certificate of that authority there as well"
        }
        return unsound("its certificate leads to that of \(name) in api.ca_file")
    }

    /// For what is not to be told from the names and the purposes.
    private func unsound(_ beginning: String) -> String {
        "\(beginning), but does not hold: another key signed it, or it is not made for this, or breaks a constraint of"
            + " its authority; openssl s_client -connect HOST:PORT -CAfile FILE tells which"
    }

    private func shown(_ name: CertificateFacts.Name) -> String {
        name.shown.map(QuotedMessage.inQuotes) ?? "an authority without a name"
    }
}
