import EndToEndHarness
import Foundation
import Testing

/// The units of `packaging/systemd/user` under a real `systemd --user`.
@Suite(
    .endToEnd,
    .serialized,
    .timeLimit(.minutes(5)),
    .enabled(if: SystemdUserManager.canRun, "systemd must have booted the machine, or root run the tests")
)
struct SystemdTests {
    @Test func serviceServesOnceItIsStartedAndStopsWithZero() async throws {
        try await SystemdUserManager.with { manager in
            try await manager.systemctl("start", "quartiled.service")
            // At once: a start returns when the daemon has said that it is ready.
            try await manager.home.ctl("list").expect(0)
            try await manager.home.logIn("demo", to: try await Sandbox())
            #expect(try await manager.home.token("demo")["generation"]?.int == 1)

            try await manager.systemctl("stop", "quartiled.service")
            #expect(try await manager.service("Result") == "success")
            #expect(try await manager.service("ExecMainStatus") == "0")
            try await manager.home.ctl("list").expect(69)
        }
    }

    @Test func killedServiceIsStartedAgainAndServesWhatItHad() async throws {
        try await SystemdUserManager.with { manager in
            try await manager.systemctl("start", "quartiled.service")
            let sandbox = try await Sandbox()
            try await manager.home.logIn("demo", to: sandbox)
            let before = try await manager.home.token("demo")
            let calls = try await sandbox.calls().count

            try await manager.systemctl("kill", "--kill-who=main", "--signal=KILL", "quartiled.service")
            try await eventually("the daemon again") { try await manager.home.ctl("list").end == .exit(0) }
            let after = try await manager.home.token("demo")
            #expect(after["access_token"] == before["access_token"])
            #expect(try await sandbox.calls().count == calls)
            #expect(try await manager.service("NRestarts") == "1")
        }
    }

    @Test func socketStartsTheServiceOutlivesItAndKeepsCallersWaiting() async throws {
        try await SystemdUserManager.with { manager in
            try await manager.systemctl("start", "quartiled.socket")
            #expect(try await manager.service("ActiveState") == "inactive")
            let inode = try inode(manager.home.socket)
            #expect(try permissions(manager.home.socket) == 0o600)
            #expect(try permissions(manager.home.runtime + "/quartiled") == 0o700)

            try await manager.home.logIn("demo", to: try await Sandbox())
            #expect(try await manager.service("ActiveState") == "active")
            let before = try await manager.home.token("demo")

            // No call fails, neither while it comes back nor when it is not there at all.
            try await manager.systemctl("kill", "--kill-who=main", "--signal=KILL", "quartiled.service")
            #expect(try await manager.home.token("demo")["access_token"] == before["access_token"])
            try await manager.systemctl("stop", "quartiled.service")
            #expect(try self.inode(manager.home.socket) == inode)
            #expect(try await manager.home.token("demo")["access_token"] == before["access_token"])
            #expect(try self.inode(manager.home.socket) == inode)
        }
    }

    @Test func theUnitOfACallerIsKnown() async throws {
        try await SystemdUserManager.with { manager in
            try await manager.systemctl("start", "quartiled.service")
            try manager.install(
                "quartiled-caller.service",
                """
                [Service]
                Type=oneshot
                ExecStart=\(try Program.quartilectl.path) list
                """
            )
            try await manager.systemctl("start", "quartiled-caller.service")
            try await manager.home.ctl("list").expect(0)
            let audit = try JSON(try await manager.home.ctl("audit", "--json").expect(0).output)
            let units = try #require(audit["entries"]).elements.map { $0["unit"]?.string }
            #expect(units.contains("quartiled-caller.service"), "\(units)")
            #expect(units.first != "quartiled-caller.service", "and that of another is another")
        }
    }

    @Test func wrongConfigurationIsNotTriedAgain() async throws {
        try await SystemdUserManager.with { manager in
            try manager.home.configure("log: {level: loud}\n")
            #expect(try await manager.run("start", "quartiled.service").end != .exit(0))
            #expect(try await manager.service("ActiveState") == "failed")
            #expect(try await manager.service("ExecMainStatus") == "78")
            #expect(try await manager.service("NRestarts") == "0")
        }
    }

    private func inode(_ path: String) throws -> ino_t {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw SystemError("stat \(path)") }
        return status.st_ino
    }
}
