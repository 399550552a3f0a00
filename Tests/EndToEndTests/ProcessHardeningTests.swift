import EndToEndHarness
import Foundation
import Glibc
import Testing

/// The side doors of a process: cores, crash reports, debuggers.
@Suite(.endToEnd) struct ProcessHardeningTests {
    private let backtraces = ["SWIFT_BACKTRACE": "enable=yes,color=no,interactive=no,timeout=30s"]

    private func hasNoCores(_ pid: pid_t) throws -> Bool {
        let limits = try String(contentsOfFile: "/proc/\(pid)/limits", encoding: .utf8)
        let line = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") })
        // Soft, hard, and the unit.
        return line.split(separator: " ").suffix(3) == ["0", "0", "bytes"]
    }

    @Test func neitherProgramLeavesACore() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await Daemon(home)
        #expect(try hasNoCores(daemon.pid))
        try await sandbox.fault("hang", ["call": "login"])
        let credentials = try World.current.file("credentials", sandbox.credentials.text)
        let client = try home.start(
            .quartilectl,
            ["login", "--account", "ada", "--base-url", sandbox.url, "--credentials", credentials]
        )
        try await sandbox.waitForCall("login")
        #expect(try hasNoCores(client.pid))
        client.signal(SIGTERM)
        _ = try await client.waitForEnd()
    }

    @Test(arguments: [SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGQUIT])
    func aCrashPrintsNothingWhateverTheEnvironmentAsksFor(number: Int32) async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await Daemon(home, environment: backtraces.mapValues(Optional.some))
        try await home.logIn("ada", to: sandbox)
        let before = daemon.log
        daemon.process.signal(number)
        #expect(try await daemon.process.waitForEnd() == .signal(number))
        #expect(daemon.log == before)
    }

    /// Holds the test above to account: a program of the same tool chain that takes no care does print.
    @Test func aProgramThatTakesNoCarePrintsItsMemory() async throws {
        let sandbox = try await Sandbox(arguments: [], environment: backtraces)
        sandbox.process.signal(SIGSEGV)
        // It may go on after it, too.
        try await eventually("a report") { sandbox.process.errors.contains("Registers:") }
    }

    @Test func aCrashOfTheClientPrintsNothing() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await Daemon(home)
        try await sandbox.fault("hang", ["call": "login"])
        let credentials = try World.current.file("credentials", sandbox.credentials.text)
        let client = try home.start(
            .quartilectl,
            ["login", "--account", "ada", "--base-url", sandbox.url, "--credentials", credentials],
            environment: backtraces.mapValues(Optional.some)
        )
        try await sandbox.waitForCall("login")
        client.signal(SIGSEGV)
        #expect(try await client.waitForEnd() == .signal(SIGSEGV))
        #expect(client.errors.isEmpty && client.output.isEmpty)
        try await daemon.stop()
    }

    /// No file takes the number of a descriptor that the daemon was started without, and with it the log.
    @Test(arguments: [[0], [1], [2], [0, 1, 2]])
    func aStandardDescriptorThatIsClosedStaysUseless(closed: [Int]) async throws {
        let home = try Home()
        func stream(_ number: Int, _ usual: ChildProcess.Stream) -> ChildProcess.Stream {
            closed.contains(number) ? .closed : usual
        }
        let daemon = try home.start(
            .quartiled,
            environment: ["QUARTILED_LOG_LEVEL": "trace"],
            input: stream(0, .path("/dev/null")),
            output: stream(1, .captured),
            errors: stream(2, .captured)
        )
        try await eventually("an answer") { try await home.ctl("list").end == .exit(0) }
        for number in closed {
            let descriptor = "/proc/\(daemon.pid)/fd/\(number)"
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: descriptor) == "/dev/null")
        }
        let second = try await home.run(.quartiled).expect(75)
        #expect(second.errors.contains("\(daemon.pid)"), "\(second.errors)")
        for lock in [home.socket, home.database].map({ $0 + ".lock" }) {
            #expect(try String(contentsOfFile: lock, encoding: .utf8) == "\(daemon.pid)\n")
        }
        daemon.signal(SIGTERM)
        #expect(try await daemon.waitForEnd() == .exit(0))
        // A refusal that can't be told is told by its exit code.
        for arguments in [["--nope"], ["--database", "/dev/null/no"]] {
            let refused = try home.start(.quartiled, arguments, errors: stream(2, .path("/dev/full")))
            guard case .exit(let code) = try await refused.waitForEnd() else {
                Issue.record("\(arguments): ended by a signal")
                continue
            }
            #expect(code != 0)
        }
    }

    /// Another process of the daemon's own user, and how it fares with a program of that user that takes no care.
    @Test(.enabled(if: SharedMachine.canRun, "needs root, to be another user, and nsenter, setpriv and namespaces"))
    func anotherProcessOfItsUserCannotLookIntoIt() async throws {
        let owner = SharedMachine.User("quartiled-owner", uid: 52_011)
        let machine = try await SharedMachine([owner])
        let daemon = try await machine.startDaemon(of: owner, configuration: "")
        let careless = try machine.start(["/bin/sleep", "1000"], as: owner)
        // It becomes what it starts, some time.
        try await eventually("a process of the user") {
            try String(contentsOfFile: "/proc/\(careless.pid)/comm", encoding: .utf8) == "sleep\n"
        }
        let doors = ["environ", "maps", "mem", "auxv", "stack", "fd/0", "exe", "io"]
        let script = """
            use Fcntl;
            for my $door (@ARGV[1..$#ARGV]) {
                my $path = "/proc/$ARGV[0]/$door";
                print "$door\\n" if $door =~ /^(fd.*|exe)$/ ? defined readlink($path) : sysopen(my $f, $path, O_RDONLY);
            }
            # PTRACE_ATTACH, and PTRACE_DETACH after it.
            if (syscall(101, 16, $ARGV[0] + 0, 0, 0) == 0) { print "ptrace\\n"; waitpid($ARGV[0], 0); syscall(101, 17, $ARGV[0] + 0, 0, 0); }
            """
        func open(_ pid: pid_t) async throws -> Set<Substring> {
            let run = try await machine.run(["/usr/bin/perl", "-e", script, "\(pid)"] + doors, as: owner).expect(0)
            return Set(run.output.split(separator: "\n"))
        }
        #expect(try await open(careless.pid).isSuperset(of: ["environ", "maps", "mem", "fd/0", "exe"]))
        #expect(try await open(daemon.pid) == [])
        daemon.signal(SIGTERM)
        #expect(try await daemon.waitForEnd() == .exit(0))
    }
}
