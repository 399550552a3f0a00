import EndToEndHarness

/// The `sqlite3` program: a reader of the database that shares nothing with the daemon.
enum SQLiteShell {
    private static let path = "/usr/bin/sqlite3"

    private static func arguments(_ statement: String, _ database: String) -> [String] {
        ["-batch", "-cmd", ".timeout 5000", "file:\(database)?mode=ro", statement]
    }

    /// Runs one statement, reading only, and returns what it prints.
    static func run(_ statement: String, on database: String) async throws -> String {
        let process = try ChildProcess(
            path,
            arguments(statement, database),
            environment: [:]
        )
        let end = try await process.waitForEnd()
        guard end == .exit(0) else { throw Unmet("sqlite3 ended with \(end): \(process.errors)") }
        defer {
            do { try process.removeOutput() } catch { say("a file of sqlite3's output was left: \(error)") }
        }
        return process.output
    }

    /// The one account's generation that is in the file; nil where a transaction stands half written, which only a
    /// program that may write could roll back.
    static func generation(in database: String) async throws -> Int? {
        let statement = "SELECT generation FROM token_sets"
        let process = try ChildProcess(path, arguments(statement, database), environment: [:])
        let end = try await process.waitForEnd()
        let (output, errors) = (process.output, process.errors)
        try process.removeOutput()
        if errors.contains("attempt to write a readonly database") { return nil }
        guard end == .exit(0), let generation = Int(output.dropLast()) else {
            throw Unmet("sqlite3 ended with \(end): \(errors)")
        }
        return generation
    }
}
