/// The way from a server's certificate to an authority, as the certificates themselves name it.
///
/// It is looked for as the library does that verifies it: at each step an authority that is trusted comes before a
/// certificate that the server presents, and what the server presents beside the way counts for nothing.
struct CertificatePath {
    /// What the server presents of it, its own certificate first.
    private(set) var links: [CertificateFacts]
    /// Those that are trusted and have the name of the last link's issuer; they need not have its key.
    private(set) var authorities: [CertificateFacts] = []

    init(from own: CertificateFacts, among others: some Sequence<CertificateFacts>, to trusted: [CertificateFacts]) {
        links = [own]
        var others = Array(others)
        var last = own
        while true {
            authorities = trusted.filter { [last] in $0.subject == last.issuer }
            if last.isSelfSigned || authorities.contains(where: { [last] in $0.mayHaveSigned(last) }) { return }
            guard let next = others.firstIndex(where: { [last] in $0.mayHaveSigned(last) }) else { return }
            last = others.remove(at: next)
            links.append(last)
        }
    }
}

extension CertificateFacts {
    /// Whether its name and, where both say it, its key are those of the one that signed `other`.
    func mayHaveSigned(_ other: CertificateFacts) -> Bool {
        guard subject == other.issuer else { return false }
        guard let keyID, let wanted = other.issuerKeyID else { return true }
        return keyID == wanted
    }

    /// Whether it says that it signed itself.
    var isSelfSigned: Bool { mayHaveSigned(self) }
}
