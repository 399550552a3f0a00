package import Glibc

/// A daemon that runs, and may be ended and started again.
package final class Daemon {
    package let home: Home
    private let arguments: [String]
    private let environment: [String: String?]
    private var runs: [ChildProcess] = []

    /// Starts a daemon and waits until it answers.
    package init(
        _ home: Home,
        _ arguments: [String] = [],
        environment: [String: String?] = [:],
        errors: ChildProcess.Stream = .captured
    ) async throws {
        self.home = home
        self.arguments = arguments
        self.environment = environment
        try await start(errors: errors)
    }

    /// Starts it again and waits until it answers.
    package func start(errors: ChildProcess.Stream = .captured) async throws {
        let process = try home.start(.quartiled, arguments, environment: environment, errors: errors)
        runs.append(process)
        try await eventually("an answer of the daemon", every: .milliseconds(5)) {
            if let end = process.end {
                throw Finished.Unexpected(description: "quartiled ended with \(end): \(process.errors)")
            }
            return try await answers(process)
        }
    }

    /// The process that runs now.
    package var process: ChildProcess { runs[runs.count - 1] }

    package var pid: pid_t { process.pid }

    /// Everything that any of its processes wrote.
    package var log: String { runs.map { $0.errors + $0.output }.joined() }

    private func answers(_ process: ChildProcess) async throws -> Bool {
        do {
            return try await WireClient(home).call("hello")["result"]?["pid"]?.int == Int(process.pid)
        } catch is SystemError {
            // Nobody listens yet, or only a predecessor's socket is there.
            return false
        }
    }

    /// Kills it as `kill -9` does.
    package func kill() async throws {
        process.signal(SIGKILL)
        _ = try await process.waitForEnd()
    }

    /// Ends it in good order, and returns how it ended.
    @discardableResult
    package func stop() async throws -> ChildProcess.End {
        process.signal(SIGTERM)
        return try await process.waitForEnd()
    }

    /// Kills it and starts it again.
    package func killAndStart() async throws {
        try await kill()
        try await start()
    }
}
