import EndToEndHarness
import Foundation

/// oidc-agent with one account, for comparison: a daemon of the same kind that many machines have.
struct OIDCAgent {
    /// What asks it for a token.
    static let commandLine = "/usr/bin/oidc-token benchmark"
    /// What that needs to know.
    let environment: [String: String]

    /// Starts one, on the core of the servers; nil where it is not installed, or what it takes to set it up is not.
    init?(_ bench: Bench) async throws {
        let programs = ["oidc-agent", "oidc-gen", "oidc-token", "python3"].map { "/usr/bin/" + $0 }
        guard programs.allSatisfy({ access($0, X_OK) == 0 }) else { return nil }
        let world = try World.current
        let home = try Home()
        let socket = world.newPath("oidc")
        environment = home.environment.merging(["OIDC_SOCK": socket]) { $1 }
        try FileManager.default.createDirectory(
            atPath: home.directory + "/config/oidc-agent",
            withIntermediateDirectories: true
        )
        try FileManager.default.createDirectory(
            atPath: home.directory + "/.config/oidc-agent",
            withIntermediateDirectories: true
        )
        let issuer = try ChildProcess(programs[3], [bench.sources + "/issuer.py"], environment: environment)
        let url = try await eventually("the issuer") { issuer.output.split(separator: "\n").first.map(String.init) }
        let agent = try ChildProcess(programs[0], ["--console", "--socket-path=\(socket)"], environment: environment)
        try await eventually("oidc-agent") {
            if let end = agent.end {
                throw Finished.Unexpected(description: "oidc-agent ended with \(end): \(agent.errors)")
            }
            return FileManager.default.fileExists(atPath: socket)
        }
        let generator = try ChildProcess(
            programs[1],
            [
                "benchmark", "--issuer=\(url)", "--client-id=benchmark", "--client-secret=none", "--flow=refresh",
                "--rt=none", "--scope=openid offline_access", "--redirect-uri=",
                "--pw-file=\(try world.file("password", "none\n"))", "--no-webserver", "--prompt=none",
                "--confirm-default",
            ],
            environment: environment
        )
        let end = try await generator.waitForEnd()
        guard end == .exit(0) else {
            throw Finished.Unexpected(description: "oidc-gen ended with \(end): \(generator.output)\(generator.errors)")
        }
        try await bench.cores.pin(agent)
    }
}
