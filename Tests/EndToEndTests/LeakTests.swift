import EndToEndHarness
import Foundation
import Testing

import enum QuartileWire.Method

/// Every secret goes through everything, and is then looked for everywhere.
@Suite(.endToEnd, .serialized) struct LeakTests {
    @Test func noSecretLeavesByAnyWayButTheOneMadeForIt() async throws {
        let ground = try LeakGround()
        let drive = try await LeakDrive(ground)
        try await drive.commands()
        try await drive.methods()
        try await drive.wrongLines()
        try await drive.wrongParams()
        try await drive.wrongUsage()
        try await drive.waitingClient()
        try await drive.messagesOfLogins()
        try await drive.messagesOfEveryStatus()
        try await drive.malformedAnswers()
        try await drive.slowAnswers()
        try await drive.storageFailures()
        try await drive.fullDisk()
        try await drive.end()
        try await drive.wrongSettings()
        try await drive.damage()
        try await drive.migration()
        try await ground.ctl(["audit", "--json"])
        try await drive.daemon.stop()
        ground.keep(drive.daemon.log, at: "the log of quartiled")
        try ground.lookAtFiles()

        for leak in ground.leaks().sorted(by: { "\($0)" < "\($1)" }) { Issue.record("\(leak)") }

        // What was not driven was not shown.
        #expect(ground.methods == Set(Method.allCases.map(\.rawValue)), "a method that no step of LeakDrive calls")
        #expect(ground.commands.isSuperset(of: try await commands()), "a command that no step of LeakDrive runs")
        for place in [
            "the log of quartiled", "file state/quartiled/quartiled.db", "file state/quartiled/quartiled.db.ballast",
            "cmdline of quartiled", "environ of quartiled", "cmdline of quartilectl login",
            "errors of quartilectl login", "output of quartilectl audit", "the answer to status",
        ] {
            #expect(ground.places.contains(place), "nothing was looked at: \(place)")
        }
    }

    /// The other sources of the key, each with a key of its own.
    @Test func noKeyOfACommandOrACredentialLeaves() async throws {
        let ground = try LeakGround()
        let given = ground.home.directory + "/given"
        try makeDirectory(given)
        func makeKey(_ name: String) throws {
            let path = given + "/" + name
            try ground.home.makeKey(at: path)
            try ground.learn(key: "key \(path)", String(try String(contentsOfFile: path, encoding: .utf8).dropLast()))
        }
        // It says the key where it should not, too, whole and in part.
        let command = "cat '\(given)/secret'; cat '\(given)/secret' >&2; cut -c 5-30 '\(given)/secret' >&2"
        var environment = ground.environment.merging([
            "QUARTILED_LOG_LEVEL": "trace", "QUARTILED_KEY_COMMAND": command, "CREDENTIALS_DIRECTORY": given,
        ]) { $1 }
        for source in ["command", "credential"] {
            environment["QUARTILED_KEY_SOURCE"] = source
            try makeKey(source == "command" ? "secret" : "quartiled.key")
            let daemon = try await Daemon(ground.home, environment: environment)
            try await ground.ctl(["key", "rotate"])
            try makeKey(source == "command" ? "secret" : "quartiled.key.new")
            try await ground.ctl(["key", "rotate"])
            try await ground.ctl(["key", "status", "--json"]).expect(0)
            try ground.look(at: daemon.process, "quartiled")
            try ground.lookAtFiles()
            try await daemon.stop()
            ground.keep(daemon.log, at: "the log of quartiled")
        }
        #expect(ground.places.contains("the log of quartiled"))
        for leak in ground.leaks().sorted(by: { "\($0)" < "\($1)" }) { Issue.record("\(leak)") }
    }

    /// What `quartilectl --help` lists.
    private func commands() async throws -> Set<String> {
        let help = try await Home().run(.quartilectl, ["--help"]).expect(0).output
        let list = try #require(
            help.components(separatedBy: "SUBCOMMANDS:\n").last?.components(separatedBy: "\n\n").first
        )
        // What a command does may go on in a line that is indented further.
        let lines = list.split(separator: "\n").filter { !$0.hasPrefix("   ") }
        #expect(lines.count > 5)
        return Set(lines.compactMap { $0.split(separator: " ").first.map(String.init) })
    }
}
