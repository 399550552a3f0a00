import EndToEndHarness

extension SQLiteShell {
    /// Runs statements that change a database which no daemon has open.
    static func change(_ statements: String, on database: String) async throws {
        let process = try ChildProcess("/usr/bin/sqlite3", ["-batch", "-bail", database, statements], environment: [:])
        let end = try await process.waitForEnd()
        guard end == .exit(0) else { throw ErrorAnswer(description: "sqlite3 ended with \(end): \(process.errors)") }
    }
}
