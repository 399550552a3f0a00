import Foundation
import Glibc
import QuartileCore
import Testing

@testable import QuartileDaemon

/// What a line of sh finds when it is run, and how it is ended.
@Suite(.timeLimit(.minutes(1)))
struct ShellCommandTests {
    private func run(
        _ line: String,
        environment: [String: String] = ["PATH": "/usr/bin:/bin"],
        timeLimit: Milliseconds = .minutes(1),
        maximumOutput: Int = 1000
    ) throws(ShellCommand.Failure) -> ShellCommand.Outcome {
        try ShellCommand(
            line: line,
            environment: environment,
            timeLimit: timeLimit,
            maximumOutput: maximumOutput,
            stop: StopRequest()
        ).run()
    }

    private func output(_ line: String, environment: [String: String] = ["PATH": "/usr/bin:/bin"]) throws -> String {
        let outcome = try run(line, environment: environment)
        #expect(outcome.end == .exit(0))
        return String(decoding: outcome.output, as: UTF8.self)
    }

    @Test func outputErrorsAndCodeAreTaken() throws {
        let outcome = try run("echo out; echo err >&2; exit 3")
        #expect(outcome.output == Data("out\n".utf8))
        #expect(outcome.errors == Data("err\n".utf8))
        #expect(outcome.end == .exit(3))
        #expect(try run("kill -TERM $$").end == .signal(SIGTERM))
        #expect(try run("/nowhere/none").end == .exit(127))
    }

    @Test func surroundingsAreSane() throws {
        #expect(try output("pwd") == "/\n")
        #expect(try output("cat") == "")
        #expect(try output("readlink /proc/self/fd/0") == "/dev/null\n")
        #expect(try output("echo $A-$NOTIFY_SOCKET", environment: ["A": "a b", "NOTIFY_SOCKET": "/x"]) == "a b-\n")
    }

    @Test func sessionIsItsOwn() throws {
        let line = "read pid name state parent group session rest </proc/$$/stat; [ $session = $$ ] && echo own"
        let text = try output(line)
        #expect(text == "own\n")
    }

    @Test func signalsAreAsByDefault() throws {
        let before = signal(SIGPIPE, SIG_IGN)
        defer { signal(SIGPIPE, before) }
        for field in ["SigBlk", "SigIgn"] {
            let text = try output("sed -n 's/^\(field):.//p' /proc/self/status").dropLast()
            let signals = try #require(UInt64(text, radix: 16))
            // All but 32 and 33, which are glibc's own (signal(7)).
            #expect(signals & 0x7fff_ffff == 0, "\(field) \(text)")
        }
    }

    @Test func noDescriptorIsPassedOn() throws {
        // One that the kernel would pass on.
        let file = open("/dev/null", O_RDONLY)
        defer { close(file) }
        // The shell's, and the one with which ls reads the directory.
        #expect(try output("ls /proc/self/fd | tr '\\n' ' '") == "0 1 2 3 ")
    }

    @Test(arguments: ["sleep 1000", "exec >&- 2>&-; sleep 1000", "sleep 1000 & exit 0", "trap '' TERM; sleep 1000"])
    func whatDoesNotEndIsEndedWithAllThatItStarted(line: String) throws {
        let mark = "quartiled-test-\(UInt64.random(in: .min ... .max))"
        do throws(ShellCommand.Failure) {
            _ = try run("MARK=\(mark); export MARK; \(line)", timeLimit: 200)
            Issue.record("it ended")
        } catch {
            guard case .timedOut = error else {
                Issue.record("\(error)")
                return
            }
        }
        // They are killed, and gone a moment later.
        while !processes(with: mark).isEmpty { sched_yield() }
    }

    @Test func tooMuchOutputIsAnError() throws {
        do throws(ShellCommand.Failure) {
            _ = try run("echo before >&2; exec cat /dev/zero")
            Issue.record("it ended")
        } catch {
            guard case .tooMuch(let errors) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(errors == Data("before\n".utf8))
        }
        #expect(try run("printf 12345", maximumOutput: 5).output == Data("12345".utf8))
    }

    @Test func errorsAreCutAndDoNotBlockIt() throws {
        let outcome = try run("head -c 1000000 /dev/zero >&2; echo done")
        #expect(outcome.errors.count == ShellCommand.maximumErrors)
        #expect(outcome.output == Data("done\n".utf8))
    }

    /// The processes whose environment holds this text. One that is being reaped has none.
    private func processes(with mark: String) -> [String] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.filter { name in
            guard Int(name) != nil, let data = FileManager.default.contents(atPath: "/proc/\(name)/environ") else {
                return false
            }
            return data.range(of: Data(mark.utf8)) != nil
        }
    }
}
