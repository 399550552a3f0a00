import EndToEndHarness
import Foundation
import Testing

/// A key command that hangs keeps no daemon from ending, and is not left behind.
@Suite(.endToEnd) struct KeyCommandStopTests {
    /// Longer than the daemon lets a key command run, and than these tests wait for anything.
    private static let hang = "sleep 1000"

    private func hanging(_ home: Home) -> (line: String, mark: String) {
        let mark = home.directory + "/hangs"
        return ("echo $$ >'\(mark)'; \(Self.hang) & wait", mark)
    }

    /// The process group of the command, once it runs.
    private func group(_ mark: String) async throws -> pid_t {
        try await eventually("a command that hangs", every: .milliseconds(5)) {
            guard let text = try? String(contentsOfFile: mark, encoding: .utf8) else { return nil }
            return pid_t(text.trimmingCharacters(in: .newlines))
        }
    }

    /// Waits until none of the group is left; whoever waits for orphans may take a moment.
    private func waitForEnd(of group: pid_t) async throws {
        try await eventually("the end of the command", every: .milliseconds(5)) {
            kill(-group, 0) != 0 && errno == ESRCH ? true : nil
        }
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func atTheStart(signal: Int32) async throws {
        let home = try Home()
        let (line, mark) = hanging(home)
        let process = try home.start(.quartiled, environment: ["QUARTILED_KEY_COMMAND": line])
        let group = try await group(mark)
        process.signal(signal)
        #expect(try await process.waitForEnd() == .exit(0), "\(process.errors)")
        #expect(process.errors.contains("stopped before it was ready"))
        try await waitForEnd(of: group)
        #expect(!FileManager.default.fileExists(atPath: home.socket))
        #expect(!FileManager.default.fileExists(atPath: home.database))
        // And nothing is in the way of the next start.
        try await Daemon(home).stop()
    }

    @Test func duringARotation() async throws {
        let home = try Home()
        let (line, mark) = hanging(home)
        let daemon = try await Daemon(
            home,
            environment: ["QUARTILED_KEY_COMMAND": line, "QUARTILED_KEY_SOURCE": "file"]
        )
        let id = try await home.keyStatus()["key_id"]
        try await daemon.stop()
        let moving = try await Daemon(
            home,
            environment: [
                "QUARTILED_KEY_COMMAND": "test -e '\(mark).now' || exit 1; \(line)", "QUARTILED_KEY_SOURCE": "command",
            ]
        )
        // A failure that may pass, as at the start.
        let failed = try await home.ctl("key", "rotate").expect(75)
        #expect(failed.errors.contains("nothing was changed: key.command ended with 1"))
        try Data().write(to: URL(filePath: "\(mark).now"))
        let rotation = try home.start(.quartilectl, ["key", "rotate"])
        let group = try await group(mark)
        #expect(try await moving.stop() == .exit(0))
        // It was ended, and did not run out of its own time.
        #expect(try await rotation.waitForEnd() == .exit(75), "\(rotation.errors)")
        #expect(rotation.errors.contains("key.command was ended, for quartiled is stopping"))
        try await waitForEnd(of: group)
        try await daemon.start()
        #expect(try await home.keyStatus()["key_id"] == id)
        try await daemon.stop()
    }
}
