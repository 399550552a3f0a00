import EndToEndHarness
import Foundation

/// strace, attached to a program that runs.
struct Strace: Sendable {
    /// What is done to a system call: `fdatasync:signal=KILL:when=3`.
    typealias Injection = String

    /// The threads it holds; nil for all, and those to come.
    let threads: Set<String>?
    let process: ChildProcess
    private let logPath: String

    /// Attaches to every thread of a process, or only to some, and returns when all of them are held.
    init(
        attachedTo pid: pid_t,
        threads: [String]? = nil,
        inject injections: [Injection] = [],
        options: [String] = []
    ) async throws {
        try Strace.checkForIt()
        self.threads = threads.map { Set($0) }
        logPath = try World.current.newPath("strace")
        let chosen = threads.map { ["-p", $0.joined(separator: ",")] } ?? ["-f", "-p", "\(pid)"]
        let process = try ChildProcess(
            Strace.path,
            ["-ttt", "-yy", "-s", "0", "-o", logPath] + chosen + options
                + injections.flatMap { ["-e", "inject=\($0)"] },
            environment: [:]
        )
        let count = threads?.count ?? 1
        try await eventually("strace to attach", every: .milliseconds(1)) {
            if process.errors.ranges(of: " attached").count >= count { return true }
            if let end = process.end {
                throw Finished.Unexpected(description: "strace ended with \(end): \(process.errors)")
            }
            return false
        }
        self.process = process
    }

    /// What is in the log by now.
    var log: String {
        get throws {
            let text = String(decoding: try Data(contentsOf: URL(filePath: logPath)), as: UTF8.self)
            // With one thread only, strace does not say which.
            guard let threads, threads.count == 1, let thread = threads.first else { return text }
            return text.split(separator: "\n").map { "\(thread) \($0)" }.joined(separator: "\n")
        }
    }

    /// Lets the program go on without it.
    func detach() async throws {
        process.signal(SIGTERM)
        _ = try await process.waitForEnd()
    }

    /// Removes its files: there are thousands of runs.
    func removeLog() throws {
        try FileManager.default.removeItem(atPath: logPath)
        try process.removeOutput()
    }

    static let path = "/usr/bin/strace"

    /// Throws a sentence for people where strace is missing or may not trace.
    static func checkForIt() throws {
        guard access(path, X_OK) == 0 else { throw Unusable(description: "there is no \(path): install strace") }
        guard geteuid() == 0 else {
            throw Unusable(description: "only root may trace the daemon, which is not dumpable: run this as root")
        }
    }

    struct Unusable: Error, CustomStringConvertible {
        let description: String
    }
}
