import FoundationEssentials
package import Logging
package import QuartileCore

/// The key-encryption key as what a program prints: the line of `key.command`, run by `/bin/sh`.
///
/// The line runs in the root directory, with the daemon's own environment less what systemd has for the daemon alone,
/// with no input and no descriptors but the three. What it writes to its standard error is logged.
package struct KeyCommand: KeySource {
    /// How long it may take: less than the 90 s that systemd allows a service to start (systemd-system.conf(5)), so that
    /// the user gets to know what it was that took so long.
    static let timeLimit = Milliseconds.seconds(60)
    /// What looks like a key is not logged. A key has 44 characters, and paths are to be told.
    private static let secretRun = 40
    /// How many lines of its standard error are logged.
    private static let maximumLineCount = 20

    private let line: String?
    private let environment: [String: String]
    private let timeLimit: Milliseconds
    private let stop: StopRequest
    private let log: Logger

    /// The key that the line `line` of sh gives; nil where none is set. `stop` ends it, with all that it started.
    package init(line: String?, environment: [String: String], stop: StopRequest, log: Logger) {
        self.init(line: line, environment: environment, timeLimit: KeyCommand.timeLimit, stop: stop, log: log)
    }

    init(
        line: String?,
        environment: [String: String],
        timeLimit: Milliseconds,
        stop: StopRequest = StopRequest(),
        log: Logger
    ) {
        self.line = line
        self.environment = environment
        self.timeLimit = timeLimit
        self.stop = stop
        self.log = log
    }

    package var kind: KeySourceKind { .command }

    package var remedyForWrongKey: String {
        "Have key.command give the right key again: the former one, where quartilectl key rotate has not said that the "
            + "new one is taken."
    }

    /// Whether there is a line to run.
    var isSet: Bool { line != nil }

    package func key(withID id: String) throws(KeySourceError) -> Secret { try key() }

    package func keyForNewDatabase() throws(KeySourceError) -> Secret { try key() }

    package func successor(ofKeyWithID former: String?) throws(KeySourceError) -> Secret {
        let key = try key()
        guard WrappedDataKey.keyID(of: key) != former else {
            throw .unusable(
                "key.command still gives the key that the database takes. Have it give a new one (what `head -c 32 "
                    + "/dev/urandom | base64` prints is one), keep the old one until this has worked, and rotate again."
            )
        }
        return key
    }

    package func advice(onKeyWithID id: String) -> String? { nil }

    package func adviceOnBackups(withKeyWithID id: String) -> String? { nil }

    package func adviceOnFormerKey(withID id: String) -> String {
        "Backups of the database from before open with the former key, which quartiled does not keep."
    }

    private func key() throws(KeySourceError) -> Secret {
        guard let line else {
            throw .unusable("There is no key.command to give the key. Set it in the configuration.")
        }
        let command = ShellCommand(
            line: line,
            environment: environment,
            timeLimit: timeLimit,
            maximumOutput: KeyText.maximumLength,
            stop: stop
        )
        var outcome: ShellCommand.Outcome
        do throws(ShellCommand.Failure) {
            outcome = try command.run()
        } catch {
            throw problem(error)
        }
        defer { outcome.output.resetBytes(in: 0..<outcome.output.count) }
        let key = KeyText.key(in: outcome.output)
        tell(outcome.errors, at: outcome.end == .exit(0) ? .info : .warning, hiding: key)
        switch outcome.end {
        case .exit(0): break
        case .exit(let code): throw .notNow("key.command ended with \(code) and gave no key.\(KeyCommand.hint)")
        case .signal(let number): throw .notNow("key.command was ended by signal \(number).\(KeyCommand.hint)")
        }
        guard !outcome.output.isEmpty else { throw .notNow("key.command printed nothing.\(KeyCommand.hint)") }
        guard let key else { throw KeyCommand.noKey }
        return key
    }

    private static let hint = " What it wrote to its standard error, if anything, is logged."

    private static let noKey = KeySourceError.unusable(
        "key.command does not print a key, which is \(KeyText.words), and nothing else. Correct it."
    )

    private func problem(_ failure: ShellCommand.Failure) -> KeySourceError {
        switch failure {
        case .notStarted(let reason):
            return .notNow("key.command can't be started: \(reason).")
        case .timedOut(let errors):
            tell(errors, at: .warning, hiding: nil)
            return .notNow("key.command did not end within \(timeLimit.count / 1000) s.\(KeyCommand.hint)")
        case .tooMuch(let errors):
            tell(errors, at: .warning, hiding: nil)
            return KeyCommand.noKey
        case .stopped:
            return .notNow("key.command was ended, for quartiled is stopping.")
        }
    }

    private func tell(_ errors: Data, at level: Logger.Level, hiding key: Secret?) {
        let lines = errors.split(separator: UInt8(ascii: "\n"))
        for line in lines.prefix(KeyCommand.maximumLineCount) {
            let text = QuotedMessage.clean(
                String(decoding: line, as: UTF8.self),
                hiding: key.map { [Secret(bytes: KeyText.text(of: $0).dropLast())] } ?? [],
                secretRun: KeyCommand.secretRun
            )
            log.log(level: level, "key.command says", metadata: ["line": "\(text)"])
        }
    }
}
