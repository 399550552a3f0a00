import CLinux
import FoundationEssentials
import Glibc
import QuartileCore

/// A line of sh that is run for what it prints.
///
/// It runs in a session of its own, so that it has no terminal to wait at and can be ended with all that it started; in
/// the root directory; with nothing to read, all signals as they are by default, and no descriptors but the three.
struct ShellCommand {
    /// The line.
    let line: String
    /// The environment. What systemd has for the daemon alone, its socket for messages above all, is taken out.
    let environment: [String: String]
    /// How long it may take, and all that it started and that may still print.
    let timeLimit: Milliseconds
    /// How many bytes it may print.
    let maximumOutput: Int
    /// What ends it before its time.
    let stop: StopRequest

    /// How it ended.
    enum End: Equatable {
        case exit(Int32)
        case signal(Int32)

        fileprivate init(status: Int32) {
            let signal = status & 0x7f
            self = signal == 0 ? .exit((status >> 8) & 0xff) : .signal(signal)
        }
    }

    /// What came of it.
    struct Outcome {
        /// What it printed. May be secret: whoever takes it wipes it.
        var output: Data
        /// What it wrote to standard error, cut to ``maximumErrors``.
        var errors: Data
        /// How it ended.
        var end: End
    }

    enum Failure: Error {
        /// The system did not start it.
        case notStarted(Errno)
        /// Its time ran out. It was ended.
        case timedOut(errors: Data)
        /// It printed more than it may. It was ended.
        case tooMuch(errors: Data)
        /// The daemon is to stop. It was ended.
        case stopped
    }

    /// How much of its standard error is kept, in bytes: some lines.
    static let maximumErrors = 8 << 10

    private static let variablesOfTheDaemon = [
        "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
        "LISTEN_PIDFDID", "SSLKEYLOGFILE",
    ]

    /// Runs the line to its end, and blocks the thread for so long.
    func run() throws(Failure) -> Outcome {
        let deadline = SystemClock().now().boot + timeLimit
        // Where a parent left it ignored, nobody is told how a child ended.
        signal(SIGCHLD, SIG_DFL)
        let output = try CapturedPipe(limit: maximumOutput)
        let errors = try CapturedPipe(limit: ShellCommand.maximumErrors)
        let pid = try spawn(output: output, errors: errors)
        output.closeWriter()
        errors.closeWriter()
        do throws(Interruption) {
            try read([output, errors], until: deadline) { output.isOverfull }
            let end = try wait(for: pid, until: deadline)
            return Outcome(output: output.take(), errors: errors.take(), end: end)
        } catch {
            end(pid)
            switch error {
            case .timedOut: throw .timedOut(errors: errors.take())
            case .tooMuch: throw .tooMuch(errors: errors.take())
            case .stopped: throw .stopped
            }
        }
    }

    private enum Interruption: Error {
        case timedOut
        case tooMuch
        case stopped
    }

    private func spawn(output: CapturedPipe, errors: CapturedPipe) throws(Failure) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        let flags = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF) | Int32(quartile_spawn_new_session)
        let code = [
            posix_spawn_file_actions_adddup2(&actions, output.writer, STDOUT_FILENO),
            posix_spawn_file_actions_adddup2(&actions, errors.writer, STDERR_FILENO),
            posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0),
            posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1),
            posix_spawn_file_actions_addchdir_np(&actions, "/"),
            posix_spawnattr_setsigmask(&attributes, &none),
            posix_spawnattr_setsigdefault(&attributes, &all),
            posix_spawnattr_setflags(&attributes, Int16(flags)),
        ].first { $0 != 0 }
        if let code { throw .notStarted(Errno(code)) }
        let variables = environment.filter { !ShellCommand.variablesOfTheDaemon.contains($0.key) }
        var words: [UnsafeMutablePointer<CChar>?] = [strdup("sh"), strdup("-c"), strdup(line), nil]
        var assignments: [UnsafeMutablePointer<CChar>?] = variables.map { strdup("\($0)=\($1)") } + [nil]
        defer { for word in words + assignments { free(word) } }
        var pid: pid_t = 0
        let failure = posix_spawn(&pid, "/bin/sh", &actions, &attributes, &words, &assignments)
        guard failure == 0 else { throw .notStarted(Errno(failure)) }
        return pid
    }

    /// Reads until nobody can write any more.
    private func read(
        _ pipes: [CapturedPipe],
        until deadline: BootTime,
        unless isTooMuch: () -> Bool
    ) throws(Interruption) {
        var open = pipes
        while !open.isEmpty {
            let left = deadline - SystemClock().now().boot
            guard left > 0 else { throw .timedOut }
            var polled = open.map { pollfd(fd: $0.reader, events: Int16(POLLIN), revents: 0) }
            // A failure is an interruption, or shows itself again.
            let stops = stop.descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            polled += stops
            _ = poll(&polled, nfds_t(polled.count), CInt(min(left.count, 60_000)))
            if polled.suffix(stops.count).contains(where: { $0.revents != 0 }) { throw .stopped }
            open = zip(open, polled).filter { pipe, polled in polled.revents == 0 || pipe.read() }.map(\.0)
            if isTooMuch() { throw .tooMuch }
        }
    }

    /// How the process ended, which it may do after it has closed what it could write to.
    private func wait(for pid: pid_t, until deadline: BootTime) throws(Interruption) -> End {
        var status: Int32 = 0
        while true {
            switch waitpid(pid, &status, WNOHANG) {
            case pid: return End(status: status)
            case 0, -1:
                guard SystemClock().now().boot < deadline else { throw .timedOut }
                var stops = stop.descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
                if poll(&stops, nfds_t(stops.count), 5) > 0 { throw .stopped }
            default: break
            }
        }
    }

    /// Ends the whole session of the process.
    private func end(_ pid: pid_t) {
        kill(-pid, SIGKILL)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    }
}

/// A pipe of which one end is read into memory, up to a limit.
private final class CapturedPipe {
    let reader: CInt
    let writer: CInt
    private let limit: Int
    private var isWriterOpen = true
    private var bytes: Data

    init(limit: Int) throws(ShellCommand.Failure) {
        var ends: [CInt] = [-1, -1]
        guard pipe2(&ends, O_CLOEXEC) == 0 else { throw .notStarted(.last) }
        (reader, writer) = (ends[0], ends[1])
        self.limit = limit
        // All that is kept, at once: growing would leave copies behind.
        bytes = Data(capacity: limit + 1)
    }

    deinit {
        close(reader)
        closeWriter()
        bytes.resetBytes(in: 0..<bytes.count)
    }

    func closeWriter() {
        if isWriterOpen { close(writer) }
        isWriterOpen = false
    }

    /// Whether more came than is kept.
    var isOverfull: Bool { bytes.count > limit }

    /// Reads what is there. False where that was the end.
    func read() -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 1 << 10, alignment: 1) { buffer in
            let count = Glibc.read(reader, buffer.baseAddress, buffer.count)
            guard count > 0 else { return count < 0 && errno == EINTR }
            bytes.append(contentsOf: buffer[..<count].prefix(limit + 1 - bytes.count))
            buffer.withMemoryRebound(to: UInt8.self) { $0.update(repeating: 0) }
            return true
        }
    }

    /// What was read, cut to the limit, and no longer kept here.
    func take() -> Data {
        defer { bytes = Data() }
        return bytes.count > limit ? bytes.prefix(limit) : bytes
    }
}
