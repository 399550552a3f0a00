import Foundation
import Testing

/// The built program, as a test or a script starts it.
@Suite struct ProgramTests {
    /// A run of the program.
    private struct Run {
        let process = Process()
        let output = Pipe()
        let errors = Pipe()

        init(_ arguments: [String]) throws {
            // The test bundle lies beside the programs.
            let bundle = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            process.executableURL = bundle.appending(path: "quartile-sandbox")
            process.arguments = arguments
            process.standardOutput = output
            process.standardError = errors
            try process.run()
        }

        /// The lines up to `ready`, as name and value.
        func announcement() throws -> [String: String] {
            var text = ""
            while !text.hasSuffix("ready\n") {
                let data = output.fileHandleForReading.availableData
                try #require(!data.isEmpty, "the program ended before it was ready")
                text += String(decoding: data, as: UTF8.self)
            }
            return Dictionary(
                text.split(separator: "\n").map { line in
                    let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
                    return (parts[0], parts.count > 1 ? parts[1] : "")
                },
                uniquingKeysWith: { $1 }
            )
        }

        func end() -> (status: Int32, errors: String) {
            process.waitUntilExit()
            let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            return (process.terminationStatus, text)
        }
    }

    @Test func announcesItselfAndEndsWithZeroAtATerm() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "credentials-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: file) }  // It may never have been made.
        let run = try Run(["--credentials-out", file.path, "--mode", "grace", "--access-lifetime", "8s"])
        let said = try run.announcement()
        #expect(said["username"] == "ada@example.com")
        #expect(said["password"] == "correct-horse-ada")
        #expect(said["subscription-key"]?.count == 32)
        let url = try #require(said["url"].flatMap { URL(string: $0) })
        #expect(url.host == "127.0.0.1")

        let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let credentials = try JSONDecoder().decode([String: String].self, from: try Data(contentsOf: file))
        #expect(Set(credentials.keys) == ["username", "password", "subscription_key"])
        #expect(credentials["subscription_key"] == said["subscription-key"])

        let port = try #require(url.port)
        let settings = try await RawHTTP(port: port).exchange("GET", "/_sandbox/settings")
        #expect(String(decoding: settings.body, as: UTF8.self).contains(#""mode":"grace","access_lifetime":8"#))

        let second = try Run(["--port", "\(port)"]).end()
        #expect(second.status == 1)
        #expect(second.errors.hasPrefix("quartile-sandbox: can't listen on 127.0.0.1 port \(port): "))
        #expect(second.errors.split(separator: "\n").count == 1)

        run.process.terminate()
        #expect(run.end().status == 0)
    }

    @Test(arguments: [
        (["--host", "10.0.0.1"], "--host 10.0.0.1 is not a loopback address"), (["--mode", "lax"], "--mode"),
        (["--access-lifetime", "1w"], "--access-lifetime"), (["--port", "70000"], "--port 70000"),
        (["--require-subscription-key", "short"], "32 letters and digits"), (["--nope"], "--nope"),
    ])
    func refusesABadCommandLine(arguments: [String], message: String) throws {
        let run = try Run(arguments)
        let (status, errors) = run.end()
        #expect(status == 64)
        #expect(errors.contains(message))
    }

    @Test func tellsItsVersion() throws {
        let run = try Run(["--version"])
        #expect(run.end().status == 0)
        #expect(String(decoding: run.output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self) == "0.1.0\n")
    }

    @Test func aMissingPasswordFileIsOneLine() throws {
        let (status, errors) = try Run(["--password-file", "/nonexistent/password"]).end()
        #expect(status == 1)
        #expect(errors == "quartile-sandbox: can't read --password-file /nonexistent/password\n")
    }
}
