import EndToEndHarness
import Foundation
import Testing

/// A key that a real `systemd --user` hands to the service as a credential.
@Suite(
    .endToEnd,
    .serialized,
    .timeLimit(.minutes(5)),
    .enabled(if: SystemdUserManager.canRun, "systemd must have booted the machine, or root run the tests")
)
struct SystemdCredentialTests {
    @Test func newDatabaseTakesTheCredential() async throws {
        try await SystemdUserManager.with { manager in
            let home = manager.home
            let key = home.directory + "/credential"
            try home.makeKey(at: key)
            try await manager.loadCredentials(["quartiled.key": key])
            try await manager.systemctl("start", "quartiled.service")
            #expect(try await home.keyStatus()["source"] == "systemd credential")
            #expect(!FileManager.default.fileExists(atPath: home.key))
            try await home.logIn("demo", to: try await Sandbox())
            let before = try await home.token("demo")

            // A new key, beside the old one first.
            let next = home.directory + "/next"
            try home.makeKey(at: next)
            let refused = try await home.ctl("key", "rotate").expect(78)
            #expect(refused.errors.contains("LoadCredential=quartiled.key.next:"))
            try await manager.loadCredentials(["quartiled.key": key, "quartiled.key.next": next])
            try await manager.systemctl("restart", "quartiled.service")
            try await home.ctl("key", "rotate").expect(0)
            #expect(try await home.keyStatus()["advice"]?.string?.contains("quartiled.key.next") == true)
            try await manager.systemctl("restart", "quartiled.service")
            #expect(try await home.token("demo")["access_token"] == before["access_token"])

            // Then in its place.
            try await manager.loadCredentials(["quartiled.key": next])
            try await manager.systemctl("restart", "quartiled.service")
            #expect(try await home.keyStatus()["advice"] == .null)
            #expect(try await home.token("demo")["access_token"] == before["access_token"])

            // The old one opens nothing any more, and that is not tried again and again.
            // (Both: systemd 252 leaves a credential of a user's that is not loaded any more where it was.)
            try await manager.loadCredentials(["quartiled.key": key, "quartiled.key.next": key])
            #expect(try await manager.run("restart", "quartiled.service").end != .exit(0))
            #expect(try await manager.service("ExecMainStatus") == "78")
        }
    }

    @Test func databaseMovesFromItsKeyFileToTheCredential() async throws {
        try await SystemdUserManager.with { manager in
            let home = manager.home
            try await manager.systemctl("start", "quartiled.service")
            try await home.logIn("demo", to: try await Sandbox())
            let before = try await home.token("demo")
            let key = home.directory + "/credential"
            try home.makeKey(at: key)
            try await manager.loadCredentials(["quartiled.key": key])
            try home.configure("key: {source: credential}\n")
            try await manager.systemctl("restart", "quartiled.service")
            #expect(try await home.keyStatus()["source"] == "key file")
            try await home.ctl("key", "rotate").expect(0)
            try FileManager.default.removeItem(atPath: home.key)
            try await manager.systemctl("restart", "quartiled.service")
            #expect(try await home.keyStatus()["source"] == "systemd credential")
            #expect(try await home.token("demo")["access_token"] == before["access_token"])
        }
    }
}

extension SystemdUserManager {
    /// Has the unit load these credentials, and no others, from the next start on.
    fileprivate func loadCredentials(_ paths: [String: String]) async throws {
        let directory = home.directory + "/config/systemd/user/quartiled.service.d"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let lines = paths.map { "LoadCredential=\($0.key):\($0.value)\n" }.sorted().joined()
        try Data("[Service]\n\(lines)".utf8).write(to: URL(filePath: directory + "/key.conf"))
        try await systemctl("daemon-reload")
    }
}
