import EndToEndHarness
import Foundation
import GRDB
import Testing

/// A database that can't be written or read, and keys that do not fit.
extension LeakDrive {
    func storageFailures() async throws {
        try await sandbox.fault("hang", ["call": "refresh", "when": "after"])
        let seen = try await sandbox.calls().count
        let client = try home.start(.quartilectl, ["refresh", "--account", "ada"], environment: ground.environment)
        try await sandbox.waitForCall("refresh") { ($0["n"]?.int ?? 0) > seen }
        let blockade = try Blockade(home.database)
        try await sandbox.clearFaults()
        let end = try await client.waitForEnd()
        ground.keep(Finished(end: end, output: client.output, errors: client.errors), of: "quartilectl refresh")
        try await ground.learnToken("ada")
        // Each that needs the file waits two seconds for it.
        for arguments in [["status"], ["list", "--json"], ["refresh", "--account", "ada"], ["key", "rotate"]] {
            try await ground.ctl(arguments)
        }
        try await logIn("gil")
        try ground.lookAtFiles()
        blockade.end()
        // What it has in memory is saved at the end, which waits for no next try.
        try await daemon.stop()
        try ground.lookAtFiles()
        try await daemon.start()
        // The key may have been replaced after all.
        try learnKey("key file, after a failure")
    }

    /// A file that may not grow, for what its writes leave behind.
    func fullDisk() async throws {
        let limit = try ChildProcess(
            "/usr/bin/prlimit",
            ["--pid", "\(daemon.pid)", "--fsize=4096:unlimited"],
            environment: home.environment
        )
        #expect(try await limit.waitForEnd() == .exit(0))
        try await ground.ctl(["refresh", "--account", "ada"])
        try await logIn("gil")
        try await ground.ctl(["status"])
        try ground.lookAtFiles()
        let unlimited = try ChildProcess(
            "/usr/bin/prlimit",
            ["--pid", "\(daemon.pid)", "--fsize=unlimited:unlimited"],
            environment: home.environment
        )
        #expect(try await unlimited.waitForEnd() == .exit(0))
        try await daemon.stop()
        try await daemon.start()
        try await ground.learnToken("ada")
    }

    /// What a daemon says that must not start, and what it leaves.
    func damage() async throws {
        let key = try Data(contentsOf: URL(filePath: home.key))
        let database = try Data(contentsOf: URL(filePath: home.database))
        let keyURL = URL(filePath: home.key)
        let databaseURL = URL(filePath: home.database)
        let other = Data((0..<32).map { _ in UInt8.random(in: .min ... .max) }).base64EncodedString()
        for text in [try ground.learn(key: "key of another database", other), String(other.dropLast(4)), password] {
            try Data(text.utf8).write(to: keyURL)
            try await ground.refusal(78)
        }
        try key.write(to: keyURL)
        for damaged in [
            database.prefix(database.count / 2), Data(password.utf8), database.prefix(100) + Data(count: 50_000),
        ] {
            try damaged.write(to: databaseURL)
            try await ground.refusal(74)
        }
        try database.write(to: databaseURL)
    }

    /// The daemon starts from the version before the newest, and leaves a copy.
    func migration() async throws {
        let queue = try DatabaseQueue(path: home.database)
        try await queue.writeWithoutTransaction { db in
            try db.execute(sql: "DROP TABLE audit; PRAGMA user_version = 2")
        }
        try queue.close()
        try await daemon.start()
        try await ground.learnToken("ada")
        try ground.lookAtFiles()
        #expect(ground.places.contains { $0.contains(".before-v") })
    }
}
