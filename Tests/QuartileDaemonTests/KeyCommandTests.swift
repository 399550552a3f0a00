import Foundation
import Logging
import QuartileCore
import Synchronization
import Testing

@testable import QuartileDaemon

/// A key that a program prints.
struct KeyCommandTests {
    let key = KeyText.makeKey()
    let logs = MetadataLog()

    private var text: String { String(decoding: KeyText.text(of: key).dropLast(), as: UTF8.self) }

    private func source(_ line: String?, timeLimit: Milliseconds = .minutes(1)) -> KeyCommand {
        KeyCommand(line: line, environment: ["PATH": "/usr/bin:/bin"], timeLimit: timeLimit, log: logs.logger)
    }

    private func problem(_ line: String?, timeLimit: Milliseconds = .minutes(1)) -> KeySourceError? {
        do throws(KeySourceError) {
            _ = try source(line, timeLimit: timeLimit).keyForNewDatabase()
            return nil
        } catch {
            return error
        }
    }

    @Test func whatIsPrintedIsTheKey() throws {
        for line in ["echo '\(text)'", "printf %s '\(text)'"] {
            #expect(try source(line).keyForNewDatabase() == key)
            #expect(try source(line).key(withID: "") == key)
        }
        #expect(logs.lines.isEmpty)
    }

    @Test(arguments: ["exit 1", "false", "echo % ; exit 2", "kill -KILL $$", "/nowhere/none", "true"])
    func commandThatFailsMayWorkLater(line: String) {
        guard case .notNow(let sentence)? = problem(line.replacing("%", with: text)) else {
            Issue.record("another outcome")
            return
        }
        #expect(sentence.hasPrefix("key.command "))
        #expect(!sentence.contains(text))
    }

    @Test func commandThatTakesTooLongMayWorkLater() {
        guard case .notNow(let sentence)? = problem("sleep 1000", timeLimit: 100) else {
            Issue.record("another outcome")
            return
        }
        #expect(sentence.contains("did not end"))
    }

    /// It is ended with all that it started, whether it is still to print or only to end.
    @Test(arguments: ["sleep 1000 & echo $! >%; wait", "echo $$ >%; exec 1>&- 2>&-; exec sleep 1000"])
    func commandIsEndedWhereTheDaemonStops(line: String) throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("pid")
        let stop = StopRequest()
        let source = KeyCommand(
            line: line.replacing("%", with: "'\(path)'"),
            environment: ["PATH": "/usr/bin:/bin"],
            stop: stop,
            log: logs.logger
        )
        Thread.detachNewThread {
            while (try? String(contentsOfFile: path, encoding: .utf8))?.hasSuffix("\n") != true { usleep(1000) }
            stop.make()
        }
        let error = #expect(throws: KeySourceError.self) { try source.keyForNewDatabase() }
        #expect(error == .notNow("key.command was ended, for quartiled is stopping."))
        let pid = try #require(Int32(try String(contentsOfFile: path, encoding: .utf8).dropLast()))
        // What it started may take a moment to be gone.
        for _ in 0..<5000 where isRunning(pid) { usleep(1000) }
        #expect(!isRunning(pid))
    }

    /// False where it is a zombie, too, that nobody has waited for yet.
    private func isRunning(_ pid: Int32) -> Bool {
        guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
        return !status.contains(") Z ")
    }

    @Test(arguments: [
        "echo key", "echo % extra", "echo %; echo", "echo %; echo %", "echo % | tr A-Z a-z; cat /dev/zero",
    ])
    func outputThatIsNoKeyIsWrong(line: String) {
        guard case .unusable(let sentence)? = problem(line.replacing("%", with: text)) else {
            Issue.record("another outcome")
            return
        }
        #expect(sentence.contains("does not print a key"))
        #expect(!sentence.contains(text))
    }

    @Test func noCommandIsSaidSo() {
        #expect(!source(nil).isSet)
        guard case .unusable(let sentence)? = problem(nil) else {
            Issue.record("another outcome")
            return
        }
        #expect(sentence.contains("key.command"))
    }

    @Test func standardErrorIsLoggedWithoutTheKey() throws {
        let line = "set -x; echo 'gpg: decrypting /home/ada/store/key' >&2; printf '%s\\n' '\(text)'"
        #expect(try source(line).keyForNewDatabase() == key)
        #expect(logs.lines.contains { $0.contains("gpg: decrypting /home/ada/store/key") })
        #expect(logs.lines.contains { $0.contains("<redacted>") })
        #expect(logs.lines.allSatisfy { !$0.contains(text) && !$0.contains(text.prefix(20)) })
    }

    @Test func keyOnStandardErrorAloneIsNotLogged() {
        #expect(problem("echo 'the key is \(text), isn'\\''t it' >&2") != nil)
        #expect(logs.lines.count == 1)
        #expect(logs.lines.allSatisfy { $0.contains("<redacted>") && !$0.contains(text.prefix(20)) })
    }

    @Test func onlySomeLinesAreLogged() {
        #expect(problem("seq 1000 >&2; exit 1") != nil)
        #expect(logs.lines.count == 20)
    }

    @Test func sameKeyIsNoSuccessorUnlessItWasAnotherSources() throws {
        let source = source("echo '\(text)'")
        #expect(try source.successor(ofKeyWithID: nil) == key)
        #expect(try source.successor(ofKeyWithID: "0123456789abcdef") == key)
        do throws(KeySourceError) {
            _ = try source.successor(ofKeyWithID: WrappedDataKey.keyID(of: key))
            Issue.record("taken")
        } catch {
            guard case .unusable(let sentence) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(sentence.contains("still gives the key"))
        }
    }
}

/// Keeps what is logged, with its metadata.
final class MetadataLog: Sendable {
    private let kept = Mutex<[String]>([])

    var lines: [String] { kept.withLock { $0 } }

    var logger: Logger { Logger(label: "key", factory: { _ in Handler(log: self) }) }

    private struct Handler: LogHandler {
        let log: MetadataLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            log.kept.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
        }
    }
}
