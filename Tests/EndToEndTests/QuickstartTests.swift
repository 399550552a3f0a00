import EndToEndHarness
import Foundation
import Testing

/// `Scripts/quickstart`, with what this test run has built.
@Suite(.endToEnd, .timeLimit(.minutes(5))) struct QuickstartTests {
    @Test func twoAtOnceEachSeeTheirTokenRefreshedAndLeaveNothing() async throws {
        let scripts = [try start(), try start()]
        for script in scripts {
            #expect(try await script.waitForEnd() == .exit(0), "\(script.errors)")
            #expect(script.output.contains("generation 3"))
            #expect(access(try temporaryDirectory(script), F_OK) != 0)
        }
    }

    @Test(arguments: [SIGHUP, SIGINT, SIGTERM])
    func leavesNothingWhenInterrupted(signal: Int32) async throws {
        let script = try start()
        try await eventually("a token") { script.output.contains("generation 1") }
        let directory = try temporaryDirectory(script)
        #expect(access(directory, F_OK) == 0)
        script.signal(signal)
        #expect(try await script.waitForEnd() == .exit(128 + signal))
        #expect(access(directory, F_OK) != 0)
        #expect(try processes(naming: directory) == [])
    }

    private func start() throws -> ChildProcess {
        try ChildProcess(
            "/bin/bash",
            [Repository.path("Scripts/quickstart"), "--no-build"],
            environment: Home().environment
        )
    }

    private func temporaryDirectory(_ script: ChildProcess) throws -> String {
        let path = try present(script.output.firstMatch(of: #//tmp/quartiled-quickstart\.[A-Za-z0-9]+/#), "a path")
        return String(path.output)
    }

    /// The processes whose environment or arguments name a path.
    private func processes(naming path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { name in
            guard name.allSatisfy(\.isNumber) else { return false }
            return ["environ", "cmdline"].contains { file in
                // Another user's, or one that has just ended.
                guard let data = FileManager.default.contents(atPath: "/proc/\(name)/\(file)") else { return false }
                return String(decoding: data, as: UTF8.self).contains(path)
            }
        }
    }
}
