import EndToEndHarness
import Foundation
import Testing

/// Where the key comes from, and how another takes its place, through the programs themselves.
@Suite(.endToEnd) struct KeySourceTests {
    @Test func keyFileIsReplacedUnderADaemonThatServes() async throws {
        let home = try Home()
        let sandbox = try await Sandbox()
        let daemon = try await Daemon(home)
        try await home.logIn("ada", to: sandbox)
        let before = try await home.token("ada")
        let old = try home.readKey()
        let first = try await home.keyStatus()
        #expect(first["source"] == "key file")
        #expect(first["protects"]?.string?.contains("copies") == true)

        let rotated = try JSON(try await home.ctl("key", "rotate", "--json").expect(0).output)
        let id = try #require(rotated["key_id"]?.string)
        #expect(id != first["key_id"]?.string)
        #expect(try await home.keyStatus()["key_id"]?.string == id)
        #expect(try home.readKey() != old)
        #expect(try permissions(home.key) == 0o600)
        let token = try await home.token("ada")
        for name in ["access_token", "generation"] { #expect(token[name] == before[name]) }

        try await daemon.killAndStart()
        #expect(try await home.token("ada")["access_token"] == before["access_token"])
        #expect(try await home.keyStatus()["key_id"]?.string == id)
        let new = try home.readKey()
        #expect(!daemon.log.contains(old) && !daemon.log.contains(new))

        // What people are shown is the same, and holds no key.
        let text = try await home.ctl("key", "status").expect(0).output
        #expect(text.contains("key file") && text.contains(id))
        #expect(!text.contains(new))
        try await daemon.stop()
    }

    @Test func commandThatFailsIsTriedAgainAndOneThatGivesAWrongKeyIsNot() async throws {
        let home = try Home()
        let path = home.directory + "/secret"
        let environment = ["QUARTILED_KEY_COMMAND": "cat '\(path)'"]
        let failed = try await home.run(.quartiled, environment: environment).expect(75)
        #expect(failed.errors.contains("key.command says"))
        #expect(failed.errors.contains("No such file"))
        #expect(!FileManager.default.fileExists(atPath: home.database))

        try home.makeKey(at: path)
        let daemon = try await Daemon(home, environment: environment)
        #expect(try await home.keyStatus()["source"] == "key command")
        #expect(!FileManager.default.fileExists(atPath: home.key))
        #expect(try await daemon.stop() == .exit(0))

        let database = try Data(contentsOf: URL(filePath: home.database))
        try home.makeKey(at: path)
        let refused = try await home.run(.quartiled, environment: environment).expect(78)
        #expect(refused.errors.contains("is sealed with the key"))
        #expect(try Data(contentsOf: URL(filePath: home.database)) == database)
    }

    /// From the default to a command, and a new key of that, as the README tells it.
    @Test func databaseMovesToACommand() async throws {
        let home = try Home()
        let daemon = try await Daemon(home)
        try await home.logIn("ada", to: try await Sandbox())
        let before = try await home.token("ada")
        try await daemon.stop()
        let path = home.directory + "/secret"
        try home.makeKey(at: path)
        try home.configure("key:\n  source: command\n  command: cat '\(path)'\n")
        try await daemon.start()
        #expect(try await home.token("ada")["access_token"] == before["access_token"])
        #expect(try await home.keyStatus()["advice"]?.string?.contains("quartilectl key rotate") == true)
        let status = try await home.ctl("status").expect(0).output
        #expect(status.split(whereSeparator: \.isWhitespace).joined(separator: " ").contains("quartilectl key rotate"))

        try await home.ctl("key", "rotate").expect(0)
        #expect(try await home.keyStatus()["source"] == "key command")
        let refused = try await home.ctl("key", "rotate").expect(78)
        #expect(refused.output.isEmpty)
        #expect(refused.errors.contains("still gives the key"))
        try home.makeKey(at: path)
        try await home.ctl("key", "rotate").expect(0)
        try FileManager.default.removeItem(atPath: home.key)
        try await daemon.killAndStart()
        #expect(try await home.token("ada")["access_token"] == before["access_token"])
        try await daemon.stop()
    }

    /// As the README tells it: by way of the file, so that there is no moment at which a restart is final.
    @Test func commandIsGivenANewKeyAndTheDaemonIsKilledAtEveryStep() async throws {
        let home = try Home()
        let path = home.directory + "/secret"
        try home.makeKey(at: path)
        func configure(_ source: String) throws {
            try home.configure("key:\n  source: \(source)\n  command: cat '\(path)'\n")
        }
        try configure("command")
        let daemon = try await Daemon(home)
        try await home.logIn("ada", to: try await Sandbox())
        let before = try await home.token("ada")["access_token"]
        func restart() async throws {
            try await daemon.killAndStart()
            #expect(try await home.token("ada")["access_token"] == before)
        }
        try configure("file")
        try await restart()
        try await home.ctl("key", "rotate").expect(0)
        try await restart()
        #expect(try await home.keyStatus()["source"] == "key file")
        try home.makeKey(at: path)
        try await restart()
        try configure("command")
        try await restart()
        let rotated = try JSON(try await home.ctl("key", "rotate", "--json").expect(0).output)
        #expect(rotated["advice"]?.string?.contains("in \(home.key): remove it") == true)
        try FileManager.default.removeItem(atPath: home.key)
        try await restart()
        #expect(try await home.keyStatus()["source"] == "key command")
        try await daemon.stop()
    }

    /// No room for a new key: nothing is changed, and nothing of it is left.
    @Test(.enabled(if: access("/usr/bin/prlimit", X_OK) == 0, "prlimit must be installed"))
    func keyThatDoesNotFitIsNotLeftBehind() async throws {
        let home = try Home()
        let daemon = try await Daemon(home)
        let id = try await home.keyStatus()["key_id"]
        // Enough for a process id in a lock file, and too little for a key.
        try await home.shell("prlimit --pid \(daemon.pid) --fsize=10:unlimited").expect(0)
        let failed = try await home.ctl("key", "rotate").expect(74)
        #expect(failed.errors.contains("nothing was changed"))
        let directory = (home.key as NSString).deletingLastPathComponent
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory).sorted() == ["key", "key.lock"])
        try await home.shell("prlimit --pid \(daemon.pid) --fsize=unlimited:unlimited").expect(0)
        try await home.ctl("key", "rotate").expect(0)
        #expect(try await home.keyStatus()["key_id"] != id)
        try await daemon.killAndStart()
        try await daemon.stop()
    }

    /// The password manager itself, with a key pair of its own.
    @Test(.enabled(if: access("/usr/bin/pass", X_OK) == 0, "pass must be installed"))
    func passIsAKeyCommand() async throws {
        let home = try Home()
        let key = try await home.withPass { home in
            let daemon = try await Daemon(home, environment: ["QUARTILED_KEY_COMMAND": "pass show quartiled"])
            try await home.logIn("ada", to: try await Sandbox())
            let before = try await home.token("ada")
            #expect(try await home.keyStatus()["source"] == "key command")
            try await daemon.killAndStart()
            #expect(try await home.token("ada")["access_token"] == before["access_token"])
            try await home.insertIntoPass()
            try await home.ctl("key", "rotate").expect(0)
            try await daemon.killAndStart()
            #expect(try await home.token("ada")["access_token"] == before["access_token"])
            try await daemon.stop()
            return try await home.shell("pass show quartiled").expect(0).output
        }
        #expect(key.utf8.count == 45)
    }

    /// What an encrypted credential is decrypted with, where the machine has a key for that.
    @Test(.enabled(if: canDecrypt, "root, and a key of the machine's, are needed"))
    func systemdCredsIsAKeyCommand() async throws {
        let home = try Home()
        let path = home.directory + "/secret"
        try home.makeKey(at: path)
        let sealed = path + ".cred"
        try await home.shell("systemd-creds encrypt --with-key=host --name=quartiled.key '\(path)' '\(sealed)'").expect(
            0
        )
        try FileManager.default.removeItem(atPath: path)
        let command = "systemd-creds decrypt --name=quartiled.key '\(sealed)' -"
        let daemon = try await Daemon(home, environment: ["QUARTILED_KEY_COMMAND": command])
        #expect(try await home.keyStatus()["source"] == "key command")
        try await daemon.killAndStart()
        try await daemon.stop()
    }

    private static var canDecrypt: Bool {
        geteuid() == 0 && access("/usr/bin/systemd-creds", X_OK) == 0
            && access("/var/lib/systemd/credential.secret", R_OK) == 0
    }
}

extension Home {
    /// What `key status` says.
    func keyStatus() async throws -> JSON { try JSON(try await ctl("key", "status", "--json").expect(0).output) }

    /// The text in the key file, without its newline.
    func readKey() throws -> String { String(try String(contentsOfFile: key, encoding: .utf8).dropLast()) }

    /// Writes a new key to a file, as the documentation says how.
    func makeKey(at path: String) throws {
        let bytes = Data((0..<32).map { _ in UInt8.random(in: .min ... .max) })
        try Data((bytes.base64EncodedString() + "\n").utf8).write(to: URL(filePath: path))
        guard chmod(path, 0o600) == 0 else { throw SystemError("chmod \(path)") }
    }

    /// Runs a line of sh as this user.
    @discardableResult
    func shell(_ line: String) async throws -> Finished {
        let process = try ChildProcess("/bin/sh", ["-c", line], environment: environment)
        return Finished(end: try await process.waitForEnd(), output: process.output, errors: process.errors)
    }

    /// Puts a new key into this user's password store.
    fileprivate func insertIntoPass() async throws {
        try await shell("head -c 32 /dev/urandom | base64 | pass insert --force --multiline quartiled").expect(0)
    }

    /// Makes a password store for this user, with a key in it, and ends the agent that it leaves running.
    fileprivate func withPass<Value>(_ body: (Home) async throws -> Value) async throws -> Value {
        try makeDirectory(directory + "/.gnupg")
        try await shell("gpg --batch --quiet --passphrase '' --quick-generate-key ada@example.com default default")
            .expect(0)
        try await shell("pass init ada@example.com").expect(0)
        try await insertIntoPass()
        do {
            let value = try await body(self)
            try await shell("gpgconf --kill all").expect(0)
            return value
        } catch {
            try await shell("gpgconf --kill all").expect(0)
            throw error
        }
    }
}
