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

    @Test(arguments: ProcessHardening.crashSignals)
    func aCrashSignalHasItsDefaultAction(number: CInt) async {
        let result = await #expect(processExitsWith: .failure) { [number] in
            signal(number) { _ in _exit(7) }
            #expect(ProcessHardening.apply() == [])
            // The threads that tests run on block signals that are not their own doing.
            var signals = sigset_t()
            sigemptyset(&signals)
            sigaddset(&signals, number)
            pthread_sigmask(SIG_UNBLOCK, &signals, nil)
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
