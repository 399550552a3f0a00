import EndToEndHarness
import Foundation
import Glibc
import Testing

/// Passwords that are typed: never shown, and the terminal is as it was before, however it ends.
@Suite(.endToEnd) struct PasswordPromptTests {
    /// `quartilectl login` on a terminal, where it asks for the password.
    private func prompt(_ home: Home, _ terminal: PseudoTerminal, _ sandbox: Sandbox) async throws -> ChildProcess {
        let process = try terminal.start(
            try Program.quartilectl.path,
            ["login", "--account", "ada", "--base-url", sandbox.url],
            environment: home.environment
        )
        try await answerUsername(terminal, sandbox)
        return process
    }

    private func answerUsername(_ terminal: PseudoTerminal, _ sandbox: Sandbox) async throws {
        try await eventually("the first question") { terminal.shown().hasSuffix("Username: ") }
        #expect(try terminal.isEchoOn)
        try terminal.type(sandbox.username + "\n")
        try await eventually("the second question") { terminal.shown().hasSuffix("Password: ") }
        try #require(try !terminal.isEchoOn)
    }

    @Test func whatIsTypedIsNotShownAndNoProgramHasItOnItsCommandLine() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await Daemon(home)
        let terminal = try PseudoTerminal()
        try await sandbox.fault("hang", ["call": "login"])
        let process = try await prompt(home, terminal, sandbox)
        try terminal.type(sandbox.password + "\n")
        try await eventually("the third question") { terminal.shown().hasSuffix("Subscription key: ") }
        try terminal.type(sandbox.subscriptionKey + "\n")
        try await sandbox.waitForCall("login")
        // Now both programs have the secrets.
        for pid in [process.pid, daemon.pid] {
            for file in ["cmdline", "environ"] {
                let content = try Data(contentsOf: URL(filePath: "/proc/\(pid)/\(file)"))
                #expect(!content.isEmpty)
                for secret in [sandbox.password, sandbox.subscriptionKey] {
                    #expect(content.range(of: Data(secret.utf8)) == nil, "\(file) of \(pid)")
                }
            }
        }
        try await sandbox.clearFaults()
        process.signal(SIGTERM)
        #expect(try await process.waitForEnd() == .signal(SIGTERM))
        #expect(try terminal.isEchoOn)
        let shown = terminal.shown()
        #expect(shown.contains(sandbox.username))
        for secret in [sandbox.password, sandbox.subscriptionKey] { #expect(!shown.contains(secret)) }
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGQUIT])
    func aSignalEndsItWithTheEchoOnAndNothingLeftToRead(number: Int32) async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await Daemon(home)
        let terminal = try PseudoTerminal()
        let process = try await prompt(home, terminal, sandbox)
        try terminal.type("half-a-passw")
        process.signal(number)
        #expect(try await process.waitForEnd() == .signal(number))
        #expect(try terminal.isEchoOn)
        #expect(!terminal.shown().contains("half-a-passw"))
        // What a shell would be given as a command.
        try terminal.type("\n")
        try await eventually("a line") { () -> Bool in
            let line = terminal.unreadLines()
            #expect(line.isEmpty || line == "\n", "\(line)")
            return !line.isEmpty
        }
        #expect(try await sandbox.calls().isEmpty)
        try await daemon.stop()
    }

    @Test(arguments: [("\u{3}", SIGINT), ("\u{1C}", SIGQUIT)])
    func aKeyThatInterruptsDoesTheSame(key: String, number: Int32) async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await Daemon(home)
        let terminal = try PseudoTerminal()
        let process = try await prompt(home, terminal, sandbox)
        try terminal.type("half-a-passw" + key)
        #expect(try await process.waitForEnd() == .signal(number))
        #expect(try terminal.isEchoOn)
        #expect(!terminal.shown().contains("half-a-passw"))
        try await daemon.stop()
    }

    @Test func theEndOfInputIsNoAnswer() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await Daemon(home)
        let terminal = try PseudoTerminal()
        let process = try await prompt(home, terminal, sandbox)
        try terminal.type("\u{4}")
        #expect(try await process.waitForEnd() == .exit(64))
        #expect(try terminal.isEchoOn)
        try await daemon.stop()
    }

    @Test func aStopTurnsTheEchoOnAndTheQuestionComesAgain() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await Daemon(home)
        let terminal = try PseudoTerminal()
        // A shell with job control: a program that has no such parent is not stopped by the key (POSIX, 11.1.4).
        let script = """
            set -m
            "$0" login --account ada --base-url "$1"
            echo "stopped; again?"
            read answer
            fg
            echo "ended with $?"
            """
        let shell = try terminal.start(
            "/bin/bash",
            ["--norc", "-c", script, try Program.quartilectl.path, sandbox.url],
            environment: home.environment
        )
        try await answerUsername(terminal, sandbox)
        try terminal.type("half-a-passw\u{1A}")
        try await eventually("the stop") { terminal.shown().contains("again?") }
        #expect(try terminal.isEchoOn)
        try terminal.type("yes\n")
        try await eventually("the question again") {
            try terminal.shown().hasSuffix("Password: ") && !terminal.isEchoOn
        }
        try terminal.type(sandbox.password + "\n")
        try await eventually("the third question") { terminal.shown().hasSuffix("Subscription key: ") }
        try terminal.type(sandbox.subscriptionKey + "\n")
        #expect(try await shell.waitForEnd() == .exit(0))
        let shown = terminal.shown()
        #expect(shown.contains("ended with 0"), "\(shown)")
        #expect(!shown.contains("half-a-passw"))
        #expect(!shown.contains(sandbox.password))
        #expect(try terminal.isEchoOn)
        #expect(try await home.account("ada")["state"] == "active")
        try await daemon.stop()
    }
}
