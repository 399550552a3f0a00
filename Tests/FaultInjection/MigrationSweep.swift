import EndToEndHarness
import Foundation

/// Kills a daemon at each system call of its first start on a database of an older version.
struct MigrationSweep: Sendable {
    private let sandbox: Sandbox
    /// The files as the older version left them.
    private let old: Data
    private let key: Data
    private let token: String
    /// The tables of either version.
    private let schemas: [Int: String]
    private let version: Int
    /// The main thread's calls from the lock of the database to the end of the migration: each with its name, and how
    /// manyth of that name it is.
    private let calls: [(name: String, number: Int)]

    static func run(_ plan: Plan) async throws -> Tally {
        let sweep = try await MigrationSweep()
        var targets = sweep.calls.indices.map { $0 }
        if plan.quick {
            var random = plan.chances("migration")
            targets = Array(targets.shuffled(using: &random).prefix(16))
        }
        let named = { @Sendable (index: Int) in "migration-\(sweep.calls[index].name)-\(sweep.calls[index].number)" }
        var tally = await plan.tryAll(targets, named: named) { index in
            var tally = Tally()
            tally.count(named(index), problem: try await sweep.problem(at: index, &tally))
            return tally
        }
        let struck = tally.figures.count
        tally.figures = []
        tally.note("migration", "1 to \(sweep.version)")
        tally.note("calls struck", "\(struck) of \(plan.quick ? targets.count : sweep.calls.count)")
        let asked = try await sweep.sandbox.calls().filter { $0["call"] != "login" }.count
        if asked > 0 { tally.failures.append("migration: \(asked) calls to the API") }
        return tally
    }

    private init() async throws {
        sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await Daemon(home)
        try await home.enter("ada", sandbox)
        token = try present(
            try await home.call("get_token", ["account": "ada"])["access_token"]?.string,
            "a token"
        )
        try await daemon.stop()
        key = try Data(contentsOf: URL(filePath: home.key))
        version = try await MigrationSweep.version(of: home.database)
        let older = try World.current.newPath("version1") + ".db"
        try await VersionOneDatabase.make(older, from: home.database)
        old = try Data(contentsOf: URL(filePath: older))
        var schemas = [version: try await MigrationSweep.schema(of: home.database)]
        schemas[1] = try await MigrationSweep.schema(of: older)
        self.schemas = schemas
        calls = try await MigrationSweep.calls(try MigrationSweep.home(old, key))
    }

    /// A home with the files as they were before the start.
    private static func home(_ database: Data, _ key: Data) throws -> Home {
        let home = try Home()
        try database.put(at: home.database)
        try key.put(at: home.key)
        return home
    }

    private static func version(of database: String) async throws -> Int {
        let text = try await SQLiteShell.run("PRAGMA user_version", on: database)
        return try present(Int(text.dropLast()), "a version in \(text)")
    }

    /// Every column of every table, and the indices, whatever way the statements that made them were written.
    private static func schema(of database: String) async throws -> String {
        try await SQLiteShell.run(
            """
            SELECT s.type, s.name, s.tbl_name, c.* FROM sqlite_schema s LEFT JOIN pragma_table_info(s.name) c
            ORDER BY s.type, s.name, c.cid
            """,
            on: database
        )
    }

    /// Starts the daemon under strace, with a kill at one call where one is given, and returns the log once it serves
    /// or is gone.
    private static func trace(_ home: Home, killAt target: (name: String, number: Int)?) async throws -> String {
        let log = try World.current.newPath("strace")
        let injections = target.map { ["-e", "inject=\($0.name):signal=KILL:when=\($0.number)"] } ?? []
        let strace = try ChildProcess(
            "/usr/bin/strace",
            ["-f", "-yy", "-s", "0", "-o", log] + injections + [try Program.quartiled.path],
            environment: home.environment
        )
        let pid = try await eventually("an answer or an end", every: .milliseconds(2)) { () -> Int?? in
            if strace.end != nil { return .some(nil) }
            do {
                return try await WireClient(home).call("hello")["result"]?["pid"]?.int.map { .some($0) }
            } catch is SystemError {
                return nil
            } catch is TimedOut {
                return nil
            }
        }
        if let pid { kill(pid_t(pid), SIGKILL) }
        _ = try await strace.waitForEnd()
        return try String(contentsOfFile: log, encoding: .utf8)
    }

    /// The main thread's calls in a log, in order.
    private static func mainCalls(_ log: String) -> [(name: String, line: Substring)] {
        let lines = log.split(separator: "\n")
        let main = lines.first?.prefix { $0 != " " } ?? ""
        return lines.filter { $0.hasPrefix("\(main) ") }.compactMap { line in
            let call = line.dropFirst(main.count).drop { $0 == " " }
            guard call.first?.isLetter == true, let end = call.firstIndex(of: "(") else { return nil }
            return (String(call[..<end]), call)
        }
    }

    private static func calls(_ home: Home) async throws -> [(name: String, number: Int)] {
        let all = mainCalls(try await trace(home, killAt: nil))
        let first = try present(all.firstIndex { $0.line.contains("quartiled.db.lock") }, "the lock of the database")
        let last = try present(all.lastIndex { $0.line.contains("/quartiled.db") }, "the database")
        var counts: [String: Int] = [:]
        let numbered = all.map { call in
            counts[call.name, default: 0] += 1
            return (name: call.name, number: counts[call.name] ?? 0)
        }
        return Array(numbered[first...last])
    }

    private func problem(at index: Int, _ tally: inout Tally) async throws -> String? {
        let target = calls[index]
        let home = try MigrationSweep.home(old, key)
        let log = try await MigrationSweep.trace(home, killAt: target)
        let made = MigrationSweep.mainCalls(log)
        if made.last?.name == target.name, made.count(where: { $0.name == target.name }) == target.number {
            tally.note("struck", "")
        }
        // Reading it plays a journal back, as the next start would.
        try await SQLiteShell.change("BEGIN IMMEDIATE; ROLLBACK", on: home.database)
        if let problem = try await problem(with: home.database, among: [1, version]) { return problem }
        let daemon = try await Daemon(home)
        let served = try await home.call("get_token", ["account": "ada"])
        guard served["access_token"]?.string == token, served["generation"] == 1, served["degraded"] == nil else {
            return "served generation \(served["generation"]?.text ?? "none")"
        }
        try await daemon.stop()
        if let problem = try await problem(with: home.database, among: [version]) { return problem }
        guard version > 1 else { return nil }
        return try await problem(with: "\(home.database).before-v\(version)", among: [1])
    }

    private func problem(with database: String, among versions: Set<Int>) async throws -> String? {
        let name = (database as NSString).lastPathComponent
        let integrity = try await SQLiteShell.run("PRAGMA integrity_check", on: database)
        guard integrity == "ok\n" else { return "\(name): \(integrity)" }
        let found = try await MigrationSweep.version(of: database)
        guard versions.contains(found) else { return "\(name) has version \(found)" }
        guard try await MigrationSweep.schema(of: database) == schemas[found] else {
            return "\(name) is neither of the old schema nor of the new"
        }
        let count = "SELECT count(*) FROM accounts JOIN token_sets ON account_id = id"
        let sets = try await SQLiteShell.run(count, on: database)
        return sets == "1\n" ? nil : "\(name) holds \(sets) accounts with tokens"
    }
}
