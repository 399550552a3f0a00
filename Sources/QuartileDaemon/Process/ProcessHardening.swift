import CLinux
import Glibc

/// What keeps secrets from leaving the process by the side doors: core dumps, crash reports, debuggers, key logs, and
/// files that others may read.
package enum ProcessHardening {
    /// Signals that mean a crash. The Swift runtime's handlers for them print the memory that registers point to, which
    /// may hold tokens, and a program may go on after them.
    static let crashSignals = [SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP]

    /// Puts all of it into effect. To be called first thing in `main`, before there is a second thread.
    ///
    /// - A standard descriptor that is closed is taken, so that no file gets its number, and the log with it (a lock file's
    ///   holder could no longer be read from it). It is `/dev/null`, opened the wrong way round: every use fails as if it
    ///   were still closed.
    /// - The signals of a crash end the process with nothing printed.
    /// - No core is written, and no process of the same user may attach or read its memory (prctl(2),
    ///   `PR_SET_DUMPABLE`). A limit on cores alone would not keep them from a `core_pattern` that is a pipe.
    /// - A write to a socket or pipe that nobody reads any more is an error, not the end (`SIGPIPE`); so is one that
    ///   would make a file larger than the limit (`SIGXFSZ`, setrlimit(2)).
    /// - What is made is for the owner only (`umask` 077).
    /// - `SSLKEYLOGFILE` is unset, so that no library writes down TLS keys.
    ///
    /// Returns what could not be put into effect, for the log: it is no reason to leave a user without tokens.
    package static func apply() -> [String] {
        for descriptor in CInt(0)...2 where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY)
        }
        for number in crashSignals { signal(number, SIG_DFL) }
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
        umask(0o077)
        unsetenv("SSLKEYLOGFILE")
        var failures: [String] = []
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        if setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none) != 0 {
            failures.append("the limit on core files can't be set: \(Errno.last)")
        }
        if quartile_set_dumpable(0) != 0 || isDumpable {
            failures.append("the process stays open to debuggers of its user: \(Errno.last)")
        }
        return failures
    }

    /// Whether cores and debuggers are let at the process (prctl(2), `PR_GET_DUMPABLE`).
    static var isDumpable: Bool { quartile_get_dumpable() != 0 }
}
