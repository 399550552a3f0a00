import EndToEndHarness
import Foundation
import Glibc
import Testing

/// A daemon of a user of its own behind a socket with a group of its own, as the system units make it.
@Suite(
    .endToEnd,
    .enabled(if: SharedMachine.canRun, "needs root, to be other users, and nsenter, setpriv and mount namespaces")
)
struct SharedDaemonTests {
    private let owner = SharedMachine.User("quartiled-owner", uid: 52_001)
    private let alice = SharedMachine.User("quartiled-alice", uid: 52_002, groups: [SharedMachine.group])
    private let bob = SharedMachine.User("quartiled-bob", uid: 52_003)
    private let carol = SharedMachine.User("quartiled-carol", uid: 52_004, groups: [SharedMachine.group])

    @Test func whoIsInTheGroupConnectsAndWhoIsListedIsServed() async throws {
        let sandbox = try await Sandbox()
        let machine = try await SharedMachine([owner, alice, bob, carol])
        let daemon = try await machine.startDaemonWithSocket(
            of: owner,
            configuration: """
                access: {users: [quartiled-alice, quartiled-bob]}
                accounts: {work: {allow: {users: [quartiled-alice, quartiled-bob]}}}
                """
        )
        let modes = try await machine.run(
            ["/usr/bin/stat", "-c", "%a %u %g", "/run/quartiled", "/run/quartiled/quartiled.sock"],
            as: .root
        ).expect(0).output
        #expect(modes == "755 0 0\n660 0 \(SharedMachine.group)\n")

        // Root is not the daemon's user and administers it.
        try await machine.ctl(
            "login",
            "--account",
            "work",
            "--base-url",
            sandbox.url,
            "--credentials",
            "-",
            as: .root,
            input: .text(sandbox.credentials.text)
        ).expect(0)
        let token = try await machine.ctl("get-token", as: .root).expect(0).output
        #expect(try await machine.ctl("get-token", as: alice).expect(0).output == token)
        let outside = try await machine.ctl("get-token", as: bob).expect(77).errors
        #expect(outside.contains("this user may not connect"), "listed, and not in the group")
        let warning = "reason=/run/quartiled/quartiled.sock does not let uid \(bob.uid) connect; make the user a member"
        #expect(daemon.errors.contains(warning), "and whoever looks after it is told")
        let unlisted = try await machine.ctl("get-token", as: carol).expect(77).errors
        #expect(unlisted.contains("it does not admit this user"), "in the group, and not listed")
        daemon.signal(SIGTERM)
        #expect(try await daemon.waitForEnd() == .exit(0))
    }

    @Test(.enabled(if: access("/usr/bin/systemd-analyze", X_OK) == 0, "needs systemd-analyze"))
    func theUnitsAreSound() async throws {
        let world = try World.current
        let directory = world.newPath("units")
        try makeDirectory(directory)
        for unit in ["quartiled.socket", "quartiled.service"] {
            let text = try String(contentsOfFile: Repository.path("packaging/systemd/system/\(unit)"), encoding: .utf8)
            // What is not installed can't be executed.
            let here = text.replacing("/usr/local/bin/quartiled", with: try Program.quartiled.path)
            try here.write(toFile: "\(directory)/\(unit)", atomically: true, encoding: .utf8)
        }
        let check = try ChildProcess(
            "/usr/bin/systemd-analyze",
            ["verify", "--man=no", "\(directory)/quartiled.socket", "\(directory)/quartiled.service"],
            environment: ["SYSTEMD_UNIT_PATH": "\(directory):", "PATH": "/usr/bin:/bin"]
        )
        let run = Finished(end: try await check.waitForEnd(), output: check.output, errors: check.errors)
        #expect(!run.errors.contains("quartiled"), "\(run.errors)")
        try run.expect(0)
    }
}
