internal import Glibc

/// What has to hold for a process that handles secrets, before it does anything else.
enum ProcessSetup {
    static func run() {
        // A token in memory must not get into a core file. Can't fail for a limit that is only lowered.
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        // The Swift runtime can be told by the environment to print memory on a crash; its handlers go.
        for number in [SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP] { signal(number, SIG_DFL) }
        // A reader that is gone is an error to report, not an end without a word.
        signal(SIGPIPE, SIG_IGN)
        // Whoever starts a program with standard output closed must not find the socket in its place, with a token
        // written to it. Opened the wrong way round, the place is taken and every use fails as if it were closed.
        for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY)
        }
    }
}
