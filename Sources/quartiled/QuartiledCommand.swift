import ArgumentParser
import Foundation
import QuartileDaemon

struct QuartiledCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quartiled",
        abstract: "Keeps the tokens of Quartile accounts fresh and hands them to local programs.",
        discussion: """
            Runs in the foreground and logs to standard error; SIGTERM ends it. No configuration is needed. \
            Log an account in with: quartilectl login --account NAME
            """,
        version: Daemon.version
    )

    @Option(help: "Listen here (else QUARTILED_SOCKET, else $XDG_RUNTIME_DIR/quartiled/quartiled.sock).")
    var socket: String?

    @Option(help: "Keep the accounts here (else QUARTILED_DATABASE, else ~/.local/state/quartiled/quartiled.db).")
    var database: String?

    @Option(help: "Read settings from here (else QUARTILED_CONFIG, else ~/.config/quartiled/config.yaml).")
    var config: String?

    /// Parses the command line and runs the daemon; ends the process where either fails. `weaknesses` are what could
    /// not be done to protect the process.
    static func run(weaknesses: [String]) async {
        let command = parsed()
        for weakness in weaknesses { say(weakness) }
        do {
            let flags = Daemon.Flags(
                socket: command.socket,
                database: command.database,
                configuration: command.config
            )
            try await Daemon(flags: flags, environment: ProcessInfo.processInfo.environment).run()
        } catch {
            say(error.message)
            Foundation.exit(error.exitCode)
        }
    }

    /// The command line, or the end of the process. What is wrong is told without words that no option takes: standard
    /// error ends in the journal, and one of them may be a secret that somebody put there.
    private static func parsed() -> QuartiledCommand {
        do {
            return try parse()
        } catch {
            guard !exitCode(for: error).isSuccess else { exit(withError: error) }
            say("\(complaint(message(for: error))); run: quartiled --help")
            Foundation.exit(exitCode(for: error).rawValue)
        }
    }

    /// What the parser says, if it speaks of nothing but the names of options.
    private static func complaint(_ message: String) -> String {
        let isOfNames =
            message.hasPrefix("Missing value for '") || message.contains(/^Unknown option '(-[a-z]|--[a-z-]{2,20})'/)
        return isOfNames ? message : "there is an argument that is no option"
    }

    private static func say(_ line: String) {
        // Where nothing can be written, the exit code is left to tell of it; `write(_:)` would crash.
        try? FileHandle.standardError.write(contentsOf: Data("quartiled: \(line)\n".utf8))
    }
}
