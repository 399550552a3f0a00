import EndToEndHarness
import Foundation
import NIOSSL
import QuartileCore
import Testing

@testable import QuartileDaemon

/// What people are told of a certificate that was refused.
@Suite struct CertificateRefusalTests {
    private let now = Fixture.now.wall

    private func certificate(_ subject: String, by issuer: String, days: ClosedRange<Int64> = -1...1)
        -> CertificateFacts
    {
        CertificateFacts(
            notBefore: now + .hours(24 * days.lowerBound),
            notAfter: now + .hours(24 * days.upperBound),
            issuer: .init(encoded: Array(issuer.utf8), shown: issuer.isEmpty ? nil : issuer),
            subject: .init(encoded: Array(subject.utf8), shown: subject),
            hosts: []
        )
    }

    private func clause(
        _ refusal: CertificateRefusal,
        _ presented: [CertificateFacts],
        trusting trusted: [CertificateFacts] = []
    ) -> String {
        refusal.clause(host: "api.example.com", presented: presented, trusted: trusted, now: now)
    }

    @Test func `names all that it may be where nothing was seen`() {
        #expect(clause(.chain, []).hasPrefix("its certificate has expired, is self-signed or comes from an authority"))
        #expect(clause(.host, []) == "its certificate is for another host; is the base URL right?")
    }

    @Test func `tells of the server's own certificate first`() {
        let expired = certificate("a", by: "a", days: -2 ... -1)
        #expect(clause(.chain, [expired, certificate("a", by: "a", days: 1...2)]).hasPrefix("its certificate expired"))
        let own = certificate("a", by: "b")
        let middle = certificate("b", by: "c", days: -2 ... -1)
        #expect(clause(.chain, [own, middle]).hasPrefix("a certificate of its authority expired at"))
    }

    @Test func `tells which authority of the file has expired`() {
        let says = clause(.chain, [certificate("a", by: "b")], trusting: [certificate("b", by: "b", days: -2 ... -1)])
        #expect(says.hasPrefix("the certificate of \"b\" in api.ca_file expired at 20"))
    }

    @Test func `goes by the last of the chain`() {
        let chain = [certificate("a", by: "b"), certificate("b", by: "c")]
        #expect(
            clause(.chain, chain).hasPrefix("its certificate comes from \"c\", which is not trusted here and whose")
        )
        #expect(clause(.chain, [certificate("a", by: "")]).contains("comes from an authority without a name,"))
        let whole = clause(.chain, chain + [certificate("c", by: "c")])
        #expect(whole.contains("an authority that is not trusted here (\"c\");"))
    }

    @Test func `goes by the issuers, not by what else is presented`() {
        let stray = certificate("x", by: "y", days: -2 ... -1)
        let chain = [certificate("a", by: "b"), stray, certificate("c", by: "c"), certificate("b", by: "c")]
        #expect(clause(.chain, chain).contains("not trusted here (\"c\");"))
        // What is trusted is not looked for among what is presented.
        let trusted = certificate("b", by: "b")
        let old = certificate("b", by: "b", days: -2 ... -1)
        #expect(
            clause(.chain, [chain[0], old], trusting: [trusted]).hasPrefix("its certificate leads to that of \"b\"")
        )
        #expect(clause(.chain, [certificate("a", by: "b"), certificate("b", by: "a")]).contains("comes from \"a\""))
    }

    @Test func `tells of an authority that is below another`() {
        let (own, middle) = (certificate("a", by: "b"), certificate("b", by: "c"))
        let says = clause(.chain, [own], trusting: [middle])
        #expect(says.contains("\"b\" in api.ca_file, which comes from \"c\"; name the certificate of that authority"))
        #expect(clause(.chain, [own], trusting: [middle, certificate("c", by: "c")]).contains("but does not hold"))
    }

    @Test func `tells two keys of one name apart`() {
        var own = certificate("a", by: "b")
        own.issuerKeyID = [1]
        var namesake = certificate("b", by: "b")
        namesake.keyID = [2]
        #expect(clause(.chain, [own], trusting: [namesake]).contains("does not follow from that of \"b\""))
        var authority = namesake
        authority.keyID = [1]
        #expect(clause(.chain, [own], trusting: [namesake, authority]).contains("leads to that of \"b\""))
        authority.maySign = false
        #expect(clause(.chain, [own], trusting: [namesake, authority]).contains("\"b\" in api.ca_file is not made"))
    }

    @Test func `lets no authority say what to run`() {
        let says = clause(.chain, [certificate("a", by: "x\"); run: rm \u{201D}~")])
        #expect(says.hasPrefix("its certificate comes from \"x'); run: rm '~\", which is not trusted here"))
    }

    @Test func `has a word for a certificate that names no host`() {
        #expect(
            clause(.host, [certificate("a", by: "b")]).contains("not for api.example.com: it names none in its subj")
        )
    }

    @Test func `is read from certificates, however odd their names`() throws {
        let authority = try TestAuthority("A \u{1F512}\u{202E}evil\u{7} name")
        let identity = try authority.issue(
            "DNS:*.example.com,DNS:b.example,DNS:c)~rm x,IP:192.0.2.7,IP:2001:db8::1,email:x@y.example"
        )
        let read = try NIOSSLCertificate.fromPEMFile(identity.certificate).map(CertificateFacts.init)
        let facts = try #require(read.first ?? nil)
        #expect(facts.hosts == ["*.example.com", "b.example", "c??rm?x", "192.0.2.7", "2001:db8::1"])
        #expect(facts.issuer.shown == "A \u{1F512}?evil? name")
        #expect(facts.subject.shown == "leaf-1")
        #expect(facts.notBefore.rfc3339 == "2020-01-01T00:00:00Z")
        #expect(facts.notAfter.rfc3339 == "2099-01-01T00:00:00Z")
        let root = try #require(
            try NIOSSLCertificate.fromPEMFile(authority.caFile).first.flatMap(CertificateFacts.init)
        )
        #expect(root.subject == facts.issuer)
        #expect(root.issuer == root.subject)
        #expect(root.isSelfSigned && root.isAuthority && root.isForServers)
        #expect(root.mayHaveSigned(facts) && facts.issuerKeyID != nil && facts.issuerKeyID == root.keyID)
        #expect(facts.maySign && facts.isForServers && !facts.isAuthority)
        #expect(facts.keyID != nil && facts.keyID != root.keyID)
    }

    @Test func `is read from whatever passes for a certificate`() throws {
        let authority = try TestAuthority()
        let identity = try authority.issue("DNS:api.example.com,IP:192.0.2.7")
        let certificate = try #require(try NIOSSLCertificate.fromPEMFile(identity.certificate).first)
        let bytes = try certificate.toDERBytes()
        let whole = try #require(CertificateFacts(certificate))
        var others = 0
        for index in bytes.indices {
            for bit in [1, 0x20, 0x80] as [UInt8] {
                var changed = bytes
                changed[index] ^= bit
                // Most are refused before anything is read from them.
                guard let certificate = try? NIOSSLCertificate(bytes: changed, format: .der) else { continue }
                let facts = CertificateFacts(certificate)
                if facts != whole { others += 1 }
                #expect((facts?.hosts ?? []).allSatisfy { $0.unicodeScalars.allSatisfy { $0.value >= 0x20 } })
            }
        }
        #expect(others > 10)
    }
}
