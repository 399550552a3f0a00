import EndToEndHarness
import Foundation
import Testing

/// What a daemon leaves behind that has nothing more to do.
@Suite(.endToEnd) struct IdleTests {
    /// As the kernel has them, which keeps 15 bytes.
    private func namesOfThreads(_ pid: pid_t) throws -> [String] {
        let tasks = "/proc/\(pid)/task"
        return try FileManager.default.contentsOfDirectory(atPath: tasks).compactMap { task in
            // One may have ended by now.
            try? String(contentsOfFile: "\(tasks)/\(task)/comm", encoding: .utf8).trimmingCharacters(in: .newlines)
        }
    }

    /// From its first use on libdispatch wakes once a second to look after it. A thread stays for some seconds after its
    /// work, and so can still be seen.
    @Test func noCallUsesTheSharedPoolOfThreads() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await Daemon(home)
        try await home.logIn("ada", to: sandbox)
        for call in ["refresh", "validate", "get-token"] { try await home.ctl(call, "--account", "ada").expect(0) }
        try await home.ctl("audit").expect(0)
        try await home.ctl("key", "rotate").expect(0)
        let names = try namesOfThreads(daemon.pid)
        // The end of "com.apple.root.default-qos", and of that with ".overcommit", which serves serial queues.
        #expect(names.contains { $0.hasSuffix("-qos.overcommit") })
        #expect(!names.contains { $0.hasSuffix("-qos") })
    }
}
