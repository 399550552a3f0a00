import EndToEndHarness
import Foundation

/// Where the two sides of a measurement run: the servers on one core, and whoever asks them on another.
struct Cores: Sendable {
    let servers: Int
    let askers: Int

    /// The first and the last that this process may use.
    init() throws {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try present(status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }, "cores")
        let numbers = line.split { !$0.isNumber }.compactMap { Int($0) }
        servers = try present(numbers.first, "a core")
        askers = try present(numbers.last, "a core")
    }

    /// Keeps a process, with all its threads, on the core of the servers.
    func pin(_ process: ChildProcess) async throws {
        let taskset = try ChildProcess(
            "/usr/bin/taskset",
            ["--all-tasks", "--cpu-list", "--pid", "\(servers)", "\(process.pid)"],
            environment: [:]
        )
        let end = try await taskset.waitForEnd()
        guard end == .exit(0) else { throw Finished.Unexpected(description: "taskset ended with \(end)") }
    }
}
