import Glibc

/// How a program ended.
struct Outcome: Equatable {
    /// The exit code, or the signal that ended it as a negative number.
    var status: Int32
    var output: String
    var errors: String
}

/// The program as it was built beside the tests.
struct BuiltProgram {
    /// All of its environment.
    var environment: [String: String] = [:]
    /// What it reads from standard input.
    var input = ""
    /// Where standard output goes instead of to the test; `-` closes it.
    var outputPath: String?

    static let path: String = {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let tests = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        return tests[..<(tests.lastIndex(of: "/") ?? tests.startIndex)] + "/quartilectl"
    }()

    /// Runs it to its end.
    func run(_ arguments: [String]) -> Outcome {
        let (output, errors, standardInput) = (Pipe(), Pipe(), Pipe())
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, standardInput.reader, 0)
        switch outputPath {
        case nil: posix_spawn_file_actions_adddup2(&actions, output.writer, 1)
        case "-"?: posix_spawn_file_actions_addclose(&actions, 1)
        case let path?: posix_spawn_file_actions_addopen(&actions, 1, path, O_WRONLY, 0)
        }
        posix_spawn_file_actions_adddup2(&actions, errors.writer, 2)
        // A session of its own, so that there is no terminal, whoever runs the tests.
        let process = Self.spawn(arguments, environment, &actions)
        for end in [standardInput.reader, output.writer, errors.writer] { close(end) }
        standardInput.write(input)
        let texts = (output.readAll(), errors.readAll())
        return Outcome(status: Self.wait(process), output: texts.0, errors: texts.1)
    }

    /// Starts it as the first of a session.
    static func spawn(
        _ arguments: [String],
        _ environment: [String: String],
        _ actions: inout posix_spawn_file_actions_t
    ) -> pid_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // POSIX_SPAWN_SETSID, which the module does not show.
        posix_spawnattr_setflags(&attributes, 0x80)
        var argv = (["quartilectl"] + arguments).map { strdup($0) } + [nil]
        var envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in argv + envp { free(text) } }
        var process = pid_t()
        let result = posix_spawn(&process, path, &actions, &attributes, &argv, &envp)
        precondition(result == 0, "\(path): error \(result)")
        return process
    }

    static func wait(_ process: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? status >> 8 & 0xFF : -signal
    }
}

/// A pipe whose ends close on exec.
private struct Pipe {
    let reader: Int32
    let writer: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        precondition(pipe(&ends) == 0)
        (reader, writer) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }

    /// Writes all, and closes.
    func write(_ text: String) {
        signal(SIGPIPE, SIG_IGN)
        _ = Array(text.utf8).withUnsafeBytes { Glibc.write(writer, $0.baseAddress, $0.count) }
        close(writer)
    }

    /// Reads to the end, and closes.
    func readAll() -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(reader, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        close(reader)
        return String(decoding: bytes, as: UTF8.self)
    }
}
