import EndToEndHarness
import Foundation

extension Fault {
    /// Daemons that do not know of each other, as two units and an impatient user start them.
    static let manyDaemons = Fault(
        "F14",
        "100 daemons started at once on one database with a stale socket",
        bar: "exactly one runs; the others exit 75 and name it"
    ) { plan in
        var tally = Tally()
        let rounds = plan.count(quick: 1, full: 10)
        for round in 1...rounds {
            for variant in DaemonRace.Variant.allCases where plan.includes("\(variant.rawValue)-\(round)") {
                let name = "\(variant.rawValue)-\(round)"
                do {
                    let race = try await DaemonRace(variant)
                    tally.add(try await race.run(name, count: 100))
                } catch {
                    tally.count(name, problem: "\(error)")
                }
            }
        }
        return tally
    }
}

/// Daemons in a race for what only one can have.
private struct DaemonRace {
    enum Variant: String, CaseIterable {
        /// All for the same socket and the same database.
        case all
        /// Each with a socket of its own.
        case database
        /// Each with a database of its own.
        case socket
    }

    let variant: Variant
    let home: Home

    /// Leaves a socket and a database that a daemon held when it was killed.
    init(_ variant: Variant) async throws {
        self.variant = variant
        home = try Home()
        try await Daemon(home).kill()
    }

    func run(_ name: String, count: Int) async throws -> Tally {
        let processes = try (0..<count).map { number in
            try home.start(.quartiled, arguments(number))
        }
        try await eventually("all but one to end") { processes.count { $0.end == nil } <= 1 }
        var tally = Tally()
        guard let winner = processes.firstIndex(where: { $0.end == nil }) else {
            tally.count(name, problem: "none is running; the first said: \(processes[0].errors)")
            return tally
        }
        let pid = processes[winner].pid
        let socket = variant == .database ? ownSocket(winner) : home.socket
        for (number, process) in processes.enumerated() where number != winner {
            tally.count("\(name) \(number)", problem: problem(process, holder: pid))
        }
        let hello = Array((#"{"jsonrpc":"2.0","id":1,"method":"hello"}"# + "\n").utf8)
        let line = try BlockingConnection(path: socket).exchange(hello)
        let answer = try JSON(String(decoding: line, as: UTF8.self))
        tally.count("\(name) \(winner)", problem: answer["result"]?["pid"]?.int == Int(pid) ? nil : answer.text)
        processes[winner].signal(SIGTERM)
        let end = try await processes[winner].waitForEnd()
        if end != .exit(0) { tally.failures.append("\(name): the winner ended with \(end)") }
        return tally
    }

    private func problem(_ process: ChildProcess, holder: pid_t) -> String? {
        guard process.end == .exit(75) else { return "ended with \(process.end.map { "\($0)" } ?? "nothing")" }
        let names = process.errors.split { !$0.isNumber }.contains { $0 == "\(holder)" }
        return names ? nil : "does not name \(holder): \(process.errors)"
    }

    private func arguments(_ number: Int) -> [String] {
        switch variant {
        case .all: []
        case .database: ["--socket", ownSocket(number)]
        case .socket: ["--database", "\(home.directory)/own/\(number).db"]
        }
    }

    private func ownSocket(_ number: Int) -> String { "\(home.runtime)/own/\(number).sock" }
}
