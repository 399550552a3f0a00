import Glibc
import Testing

@testable import QuartileDaemon

@Suite struct ProcessHardeningTests {
    @Test func everySideDoorIsShut() async {
        await #expect(processExitsWith: .success) {
            setenv("SSLKEYLOGFILE", "/tmp/keys", 1)
            #expect(ProcessHardening.isDumpable)
            #expect(ProcessHardening.apply() == [])
            #expect(!ProcessHardening.isDumpable)
            #expect(getenv("SSLKEYLOGFILE") == nil)
            #expect(umask(0) == 0o077)
            var limit = rlimit()
            #expect(getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) == 0)
            #expect(limit.rlim_cur == 0 && limit.rlim_max == 0)
            var ends: [CInt] = [0, 0]
            #expect(pipe(&ends) == 0 && close(ends[0]) == 0)
            #expect(write(ends[1], "x", 1) == -1 && errno == EPIPE)
        }
    }

    @Test func aFileThatMayNotGrowIsAnErrorAndNotTheEnd() async throws {
        let directory = try TemporaryDirectory()
        let path: String = directory.file("file")
        await #expect(processExitsWith: .success) { [path = path as String] in
            #expect(ProcessHardening.apply() == [])
            var limit = rlimit(rlim_cur: 0, rlim_max: 0)
            #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
            unblock(SIGXFSZ)
            let file = open(path, O_WRONLY | O_CREAT, 0o600)
            #expect(write(file, "x", 1) == -1 && errno == EFBIG)
        }
        withExtendedLifetime(directory) {}
    }

    @Test(arguments: ProcessHardening.crashSignals)
    func aCrashSignalHasItsDefaultAction(number: CInt) async {
        let result = await #expect(processExitsWith: .failure) { [number] in
            signal(number) { _ in _exit(7) }
            #expect(ProcessHardening.apply() == [])
            unblock(number)
            raise(number)
        }
        #expect(result?.exitStatus == .signal(number))
    }

    @Test(arguments: [(1_000_000, 999_936), (2_176, 2_112), (256, 192), (128, 96), (64, 48), (3, 3)])
    func someDescriptorsAreNotForClients(limit: Int, ceiling: CInt) {
        #expect(DescriptorLimit.ceiling(ofLimit: limit) == ceiling)
    }

    @Test func theSoftLimitIsRaisedAsFarAsTheHardOneAllows() async {
        await #expect(processExitsWith: .success) {
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
            func limit() -> rlimit {
                var limit = rlimit()
                #expect(getrlimit(resource, &limit) == 0)
                return limit
            }
            var low = rlimit(rlim_cur: 400, rlim_max: 1_024)
            #expect(setrlimit(resource, &low) == 0)
            #expect(DescriptorLimit.raise(for: 100) == 336)
            #expect(limit().rlim_cur == 400)
            #expect(DescriptorLimit.raise(for: 500) == 564)
            #expect(limit().rlim_cur == 628)
            #expect(DescriptorLimit.raise(for: 2_048) == 960)
            #expect(limit().rlim_cur == 1_024)
        }
    }
}

/// Lets a signal through to this thread: those that tests run on block what is not their own doing.
private func unblock(_ number: CInt) {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, number)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
}
