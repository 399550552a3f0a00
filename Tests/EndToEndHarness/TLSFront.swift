import Foundation

/// A TLS server on loopback before a sandbox: OpenSSL's, where the programs under test have BoringSSL.
package final class TLSFront {
    /// How the server speaks.
    package struct Manner: Sendable {
        fileprivate var options: [String]

        package static let usual = Manner(options: [])
        /// TLS 1.1 and nothing newer.
        package static let tls11 = Manner(options: [
            "openssl-min-proto-version=TLS1.0", "openssl-max-proto-version=TLS1.1", "cipher=ALL:@SECLEVEL=0",
        ])
        /// TLS 1.2 and nothing newer.
        package static let tls12 = Manner(options: ["openssl-max-proto-version=TLS1.2"])
    }

    /// Where it listens: the same port all along.
    package private(set) var port: Int
    private let target: Int
    private var process: ChildProcess?

    /// Nothing listens yet.
    package init(for sandbox: Sandbox) {
        port = 0
        target = sandbox.port
    }

    package var url: String { "https://127.0.0.1:\(port)" }

    /// Serves with this certificate and no other from now on.
    package func present(_ identity: TestIdentity, _ manner: Manner = .usual) async throws {
        await stop()
        let options = ["bind=127.0.0.1", "reuseaddr", "fork", "cert=\(identity.certificate)", "key=\(identity.key)"]
        try await start("OPENSSL-LISTEN:\(port)", options + ["verify=0"] + manner.options)
    }

    /// Serves without TLS from now on.
    package func presentNothing() async throws {
        await stop()
        try await start("TCP-LISTEN:\(port)", ["bind=127.0.0.1", "reuseaddr", "fork"])
    }

    /// Serves no more.
    package func stop() async { await process?.end() }

    private func start(_ address: String, _ options: [String]) async throws {
        let process = try ChildProcess(
            "/usr/bin/socat",
            ["-d", "-d", ([address] + options).joined(separator: ","), "TCP:127.0.0.1:\(target)"],
            environment: ["PATH": "/usr/bin:/bin"]
        )
        self.process = process
        let line = try await eventually("socat") { () -> Substring? in
            if let end = process.end { throw Finished.Unexpected(description: "socat: \(end): \(process.errors)") }
            return process.errors.split(separator: "\n").first { $0.contains("listening on") }
        }
        port = try EndToEndHarness.present(line.split(separator: ":").last.flatMap { Int($0) }, "a port in \(line)")
    }
}
