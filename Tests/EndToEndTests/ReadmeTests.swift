import EndToEndHarness
import Foundation
import Testing

/// The examples of the README do what it says.
@Suite(.endToEnd) struct ReadmeTests {
    @Test(arguments: ["python", "sh"])
    func protocolExamplePrintsTheToken(language: String) async throws {
        let home = try Home()
        let sandbox = try await Sandbox()
        let daemon = try await Daemon(home)
        try await home.logIn("work", to: sandbox)
        let interpreter = language == "python" ? "python3" : language
        let example = try ChildProcess(
            "/usr/bin/env",
            [interpreter, "-c", try protocolExample(in: language)],
            environment: home.environment
        )
        let run = Finished(end: try await example.waitForEnd(), output: example.output, errors: example.errors)
        let token = try present(try await home.token("work")["access_token"]?.string, "an access token")
        #expect(try run.expect(0).output == token + "\n")
        try await daemon.stop()
    }

    /// The one block of code in the section "Protocol" that is marked as being in this language.
    private func protocolExample(in language: String) throws -> String {
        let readme = try String(contentsOfFile: Repository.path("README.md"), encoding: .utf8)
        let section = try present(
            readme.components(separatedBy: "\n## ").first { $0.hasPrefix("Protocol\n") },
            "section"
        )
        let blocks = section.components(separatedBy: "\n```\(language)\n").dropFirst()
        try #require(blocks.count == 1)
        return try present(blocks.first?.components(separatedBy: "\n```").first, "the end of the block")
    }
}
