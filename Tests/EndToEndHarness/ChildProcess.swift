import Foundation
package import Glibc
import Synchronization

/// A program that runs, with its output in files.
package final class ChildProcess: Sendable {
    /// What one of its descriptors is.
    package enum Stream: Sendable {
        /// Standard input: this text. Not for the others.
        case text(String)
        /// A file that is there, as it is.
        case path(String)
        /// A new file, which `output` and `errors` read.
        case captured
        case closed
    }

    /// How it ended.
    package enum End: Sendable, Equatable {
        case exit(Int32)
        case signal(Int32)

        fileprivate init(status: Int32) {
            let signal = status & 0x7f
            self = signal == 0 ? .exit((status >> 8) & 0xff) : .signal(signal)
        }
    }

    package let pid: pid_t
    private let outputPath: String?
    private let errorPath: String?
    private let reaped = Mutex<End?>(nil)

    /// Starts a program with this environment and no other, and no descriptors but the three.
    package init(
        _ path: String,
        _ arguments: [String],
        environment: [String: String],
        input: Stream = .path("/dev/null"),
        output: Stream = .captured,
        errors: Stream = .captured
    ) throws {
        let world = try World.current
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }

        func set(_ descriptor: Int32, _ stream: Stream, _ stem: String) throws -> String? {
            let flags = descriptor == 0 ? O_RDONLY : O_WRONLY | O_APPEND
            switch stream {
            case .text(let text):
                posix_spawn_file_actions_addopen(&actions, descriptor, try world.file(stem, text), flags, 0)
            case .path(let path):
                posix_spawn_file_actions_addopen(&actions, descriptor, path, flags, 0)
            case .captured:
                let path = try world.file(stem, "")
                posix_spawn_file_actions_addopen(&actions, descriptor, path, flags, 0)
                return path
            case .closed:
                posix_spawn_file_actions_addclose(&actions, descriptor)
            }
            return nil
        }
        _ = try set(0, input, "input")
        outputPath = try set(1, output, "output")
        errorPath = try set(2, errors, "errors")
        try closeFrom(&actions, 3)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for word in words + variables { free(word) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, path, &actions, &attributes, &words, &variables)
        guard code == 0 else { throw SystemError("posix_spawn \(path)", code) }
        self.pid = pid
        world.keep(self)
    }

    /// How it ended; nil while it runs.
    package var end: End? {
        reaped.withLock { end in
            if let end { return end }
            var status: Int32 = 0
            if waitpid(pid, &status, WNOHANG) == pid { end = End(status: status) }
            return end
        }
    }

    /// Sends a signal, if it still runs.
    package func signal(_ number: Int32) {
        reaped.withLock { if $0 == nil { _ = kill(pid, number) } }
    }

    /// Waits for its end.
    package func waitForEnd(within limit: Duration = patience) async throws -> End {
        do {
            return try await eventually("the end of process \(pid)", within: limit, every: .milliseconds(2)) { end }
        } catch let error as TimedOut {
            throw TimedOut(description: "\(error.description)\n\(errors)")
        }
    }

    /// Kills it, if it still runs, and waits until it is gone.
    package func end() async {
        signal(SIGKILL)
        // A killed process ends for certain, and a test that was cancelled must not leave one behind.
        while end == nil { await Task.yield() }
    }

    /// What it has written to standard output so far.
    package var output: String { outputPath.map(read) ?? "" }

    /// What it has written to standard error so far.
    package var errors: String { errorPath.map(read) ?? "" }

    /// Removes the files with its output: for programs that are started by the thousand.
    package func removeOutput() throws {
        for path in [outputPath, errorPath].compactMap(\.self) { try FileManager.default.removeItem(atPath: path) }
    }

    private func read(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
}

/// Has the child close every descriptor from `first` on: another test's pipe that it kept open would never end.
private func closeFrom(_ actions: inout posix_spawn_file_actions_t, _ first: Int32) throws {
    // Since glibc 2.34, and shown only to programs that ask for GNU's additions, which Swift does not.
    typealias AddCloseFrom = @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32
    let symbol = try present(dlsym(nil, "posix_spawn_file_actions_addclosefrom_np"), "closefrom; glibc is too old")
    let code = unsafeBitCast(symbol, to: AddCloseFrom.self)(&actions, first)
    guard code == 0 else { throw SystemError("posix_spawn_file_actions_addclosefrom_np", code) }
}
