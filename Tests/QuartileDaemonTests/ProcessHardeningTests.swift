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

    @Test func theShareOfClientsLeavesAReserve() {
        func share(_ limit: Int) -> Int { DescriptorLimit.share(of: limit, connections: 2_048) }
        #expect(share(1_000_000) == 2_048)
        #expect(share(2_048 + 64) == 2_048)
        #expect(share(1_024) == 960)
        #expect(share(128) == 64)
        #expect(share(64) == 32)
        #expect(share(3) == 2)
        #expect(share(0) == 1)
    }

    @Test func theSoftLimitIsRaisedAsFarAsTheHardOneAllows() async {
        await #expect(processExitsWith: .success) {
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
            func limit() -> rlimit {
                var limit = rlimit()
                #expect(getrlimit(resource, &limit) == 0)
                return limit
            }
            var low = rlimit(rlim_cur: 256, rlim_max: 1_024)
            #expect(setrlimit(resource, &low) == 0)
            #expect(DescriptorLimit.raise(for: 100) == 100)
            #expect(limit().rlim_cur == 256)
            #expect(DescriptorLimit.raise(for: 500) == 500)
            #expect(limit().rlim_cur == 564)
            #expect(DescriptorLimit.raise(for: 2_048) == 960)
            #expect(limit().rlim_cur == 1_024)
        }
    }
}
