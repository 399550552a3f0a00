import EndToEndHarness
import Foundation

/// A daemon that is ended and started again thousands of times, with a sandbox to talk to.
///
/// Its accounts: `ada` is there all the time; `guest` comes and goes.
final class Subject {
    let sandbox: Sandbox
    let home: Home
    private(set) var process: ChildProcess
    private(set) var client: WireClient
    /// When the process was started.
    private(set) var started = ContinuousClock.now
    /// Where the daemon's log goes.
    let log: String
    private let environment: [String: String?]

    /// Starts both, the daemon when its home is prepared.
    init(
        mode: String,
        sandbox arguments: [String] = [],
        environment: [String: String] = [:],
        prepare: (Home) async throws -> Void = { _ in }
    ) async throws {
        sandbox = try await Sandbox(arguments: ["--mode", mode] + arguments)
        home = try Home()
        try await prepare(home)
        log = try World.current.file("daemon-log", "")
        // No budget: a program that logs in a thousand times an hour because it is killed is not what it is for.
        self.environment = environment.merging(["QUARTILED_LOGIN_BUDGET": "1000000"]) { given, _ in given }
        (process, client) = try await Subject.start(home, self.environment, log)
    }

    /// Starts the daemon again after its end.
    func start() async throws {
        started = .now
        (process, client) = try await Subject.start(home, environment, log)
    }

    /// Starts the daemon, under another program such as strace where one is given, and waits for nothing.
    func startWithoutWaiting(under wrapper: [String] = []) throws {
        started = .now
        let command = wrapper + [try Program.quartiled.path]
        process = try ChildProcess(
            command[0],
            Array(command.dropFirst()),
            environment: home.environment.merging(environment.compactMapValues(\.self)) { $1 },
            output: .path(log),
            errors: .path(log)
        )
    }

    /// Kills it and waits for its end.
    func kill() async throws {
        process.signal(SIGKILL)
        _ = try await process.waitForEnd()
    }

    /// Ends both, for good: cases go by the hundred, and each has a pair.
    func end() async {
        await process.end()
        await sandbox.process.end()
    }

    /// Connects anew.
    func connect() throws { client = try WireClient(home) }

    /// What the daemon wrote last.
    func lastWords(_ count: Int = 3) throws -> String {
        let text = String(decoding: try Data(contentsOf: URL(filePath: log)), as: UTF8.self)
        return text.split(separator: "\n").suffix(count).joined(separator: " | ")
    }

    private static func start(
        _ home: Home,
        _ environment: [String: String?],
        _ log: String
    ) async throws -> (ChildProcess, WireClient) {
        let process = try home.start(.quartiled, environment: environment, output: .path(log), errors: .path(log))
        return (process, try await client(of: process, home, log))
    }

    /// Waits until one that was started can be connected to.
    func connectWhenUp() async throws { client = try await Subject.client(of: process, home, log) }

    private static func client(of process: ChildProcess, _ home: Home, _ log: String) async throws -> WireClient {
        try await eventually("the daemon's socket", every: .milliseconds(1)) { () -> WireClient? in
            if let end = process.end {
                let text = String(decoding: try Data(contentsOf: URL(filePath: log)), as: UTF8.self)
                throw Finished.Unexpected(description: "quartiled ended with \(end): \(text.suffix(500))")
            }
            do {
                return try WireClient(home)
            } catch is SystemError {
                // Nobody listens yet: only the predecessor's socket is there, or none.
                return nil
            }
        }
    }
}
