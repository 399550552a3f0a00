import EndToEndHarness

/// The `sqlite3` program: a reader of the database that shares nothing with the daemon.
enum SQLiteShell {
    /// Runs one statement, reading only, and returns what it prints.
    static func run(_ statement: String, on database: String) async throws -> String {
        let process = try ChildProcess(
            "/usr/bin/sqlite3",
            ["-batch", "-cmd", ".timeout 5000", "file:\(database)?mode=ro", statement],
            environment: [:]
        )
        let end = try await process.waitForEnd()
        guard end == .exit(0) else { throw Unmet("sqlite3 ended with \(end): \(process.errors)") }
        defer {
            do { try process.removeOutput() } catch { say("a file of sqlite3's output was left: \(error)") }
        }
        return process.output
    }
}
