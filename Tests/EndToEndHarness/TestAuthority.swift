package import Foundation
import Synchronization

/// A directory with an authority that was made for one test, and what it signed. Removed when dropped.
package final class TestAuthority: Sendable {
    package let directory: URL
    private let count = Mutex(0)
    /// The authority's own certificate, as a file.
    package var caFile: String { file("ca.pem") }

    /// An authority of this name, whose own certificate is good for so many days.
    package init(_ name: String = "Test Authority", days: Int = 30) throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "quartile-tls-\(UUID().uuidString)")
        try makeDirectory(directory.path)
        try write("", to: "index.txt")
        try openssl(
            [
                "req", "-x509", "-utf8", "-subj", "/CN=\(name)", "-days", "\(days)", "-keyout", "ca.key", "-out",
                "ca.pem",
            ]
                + Self.key
        )
    }

    deinit {
        do {
            try FileManager.default.removeItem(at: directory)
        } catch {
            print("left behind: \(directory.path)")
        }
    }

    private static let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

    /// A file in the directory.
    package func file(_ name: String) -> String { directory.appending(path: name).path }

    /// Writes a file in the directory.
    package func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: directory.appending(path: name))
    }

    /// A certificate for `names` (as in `DNS:localhost,IP:127.0.0.1`), signed by the authority. Times are as in
    /// `20200101000000Z`.
    package func issue(
        _ names: String,
        from start: String = "20200101000000Z",
        to end: String = "20990101000000Z"
    ) throws -> TestIdentity {
        try sign(newName("leaf"), "basicConstraints = CA:FALSE\nsubjectAltName = \(names)", from: start, to: end)
    }

    /// A certificate for `names` that an authority below this one signed, whose own ends at `end`, and which is in the
    /// same file.
    package func issue(_ names: String, belowOneThatEndsAt end: String) throws -> TestIdentity {
        let name = newName("middle")
        let middle = try sign(name, "basicConstraints = critical,CA:TRUE", from: "20190101000000Z", to: end)
        let leaf = try sign(newName("leaf"), "subjectAltName = \(names)", by: name)
        let chain = try [leaf, middle].map { try String(contentsOfFile: $0.certificate, encoding: .utf8) }
        try write(chain.joined(), to: "\(name)-chain.pem")
        return TestIdentity(certificate: file("\(name)-chain.pem"), key: leaf.key, authority: self)
    }

    /// A certificate for `names` whose further extensions are these lines of an OpenSSL configuration.
    package func issue(_ names: String, saying extensions: String) throws -> TestIdentity {
        try sign(newName("leaf"), "\(extensions)\nsubjectAltName = \(names)")
    }

    /// A certificate for `names` below one whose extensions are these lines, and that one only where it is to be sent;
    /// the files of others may follow.
    package func issue(
        _ names: String,
        belowOneSaying extensions: String,
        sent: Bool = true,
        with others: [String] = []
    ) throws -> TestIdentity {
        let name = newName("middle")
        let middle = try sign(name, extensions)
        let leaf = try sign(newName("leaf"), "subjectAltName = \(names)", by: name)
        let files = ([leaf] + (sent ? [middle] : [])).map(\.certificate) + others
        let chain = try files.map { try String(contentsOfFile: $0, encoding: .utf8) }
        try write(chain.joined(), to: "\(name)-chain.pem")
        return TestIdentity(certificate: file("\(name)-chain.pem"), key: leaf.key, authority: self)
    }

    /// A name that no file has yet.
    private func newName(_ stem: String) -> String {
        count.withLock { count in
            count += 1
            return "\(stem)-\(count)"
        }
    }

    private func sign(
        _ name: String,
        _ extensions: String,
        by signer: String = "ca",
        from start: String = "20200101000000Z",
        to end: String = "20990101000000Z"
    ) throws -> TestIdentity {
        try openssl(
            ["req", "-utf8", "-subj", "/CN=\(name)", "-keyout", "\(name).key", "-out", "\(name).csr"] + Self.key
        )
        let configuration = """
            [ca]
            default_ca = authority
            [authority]
            new_certs_dir = .
            database = index.txt
            rand_serial = yes
            unique_subject = no
            default_md = sha256
            policy = policy
            certificate = \(signer).pem
            private_key = \(signer).key
            x509_extensions = extensions
            [policy]
            commonName = supplied
            [extensions]
            \(extensions)
            """
        try write(configuration, to: "ca.cnf")
        try openssl([
            "ca", "-batch", "-notext", "-config", "ca.cnf", "-startdate", start, "-enddate", end, "-in", "\(name).csr",
            "-out", "\(name).pem",
        ])
        return TestIdentity(certificate: file("\(name).pem"), key: file("\(name).key"), authority: self)
    }

    /// A certificate for `names` that only itself has signed.
    package func selfSigned(_ names: String, saying extensions: [String] = []) throws -> TestIdentity {
        let name = newName("self")
        try openssl(
            [
                "req", "-x509", "-subj", "/CN=self", "-days", "30", "-addext", "subjectAltName=\(names)", "-keyout",
                "\(name).key", "-out", "\(name).pem",
            ] + extensions.flatMap { ["-addext", $0] } + Self.key
        )
        return TestIdentity(certificate: file("\(name).pem"), key: file("\(name).key"), authority: self)
    }

    /// Writes the first certificate of a PEM file in its other form.
    package func writeDER(of certificate: String, to name: String) throws {
        try openssl(["x509", "-in", certificate, "-outform", "DER", "-out", name])
    }

    private struct OpenSSLFailed: Error { var output: String }

    private func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.currentDirectoryURL = directory
        let output = Pipe()
        process.standardError = output
        process.standardOutput = output
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw OpenSSLFailed(output: String(decoding: text, as: UTF8.self)) }
    }
}

/// A certificate and its key, as PEM files.
package struct TestIdentity: Sendable {
    package var certificate: String
    package var key: String
    /// Whose directory the files are in.
    fileprivate var authority: TestAuthority
}
