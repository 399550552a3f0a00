import EndToEndHarness
import Foundation

extension Fault {
    /// An upgrade that is cut off, and a backup that was put back.
    static let oldDatabase = Fault(
        "F7",
        "a migration killed at each system call; a database restored from a week ago",
        bar: "the old schema or the new; with a stored password no family is revoked and the account is well"
    ) { plan in
        var tally = Tally()
        do {
            tally.add(try await MigrationSweep.run(plan))
        } catch {
            tally.count("migration", problem: "\(error)")
        }
        let modes = plan.quick ? ["strict"] : ["strict", "grace", "lenient"]
        let restores = modes.flatMap { mode in
            Restore.Absence.allCases.flatMap { absence in
                (1...plan.count(quick: 1, full: 5)).map { Restore(mode: mode, absence: absence, round: $0) }
            }
        }
        tally.add(
            await plan.idle().tryAll(restores, named: \.name) { one in
                var tally = Tally()
                let problem = try await one.problem()
                tally.count(one.name, problem: problem)
                if problem != nil { tally.lost += 1 }
                return tally
            }
        )
        return tally
    }
}

/// A copy of the database that is put back when its refresh tokens have long been spent.
private struct Restore: Sendable {
    enum Absence: String, CaseIterable {
        /// The copy is from a week ago, as the daemon's clock tells.
        case week
        /// Its access token has just run out.
        case expired
    }

    let mode: String
    let absence: Absence
    let round: Int

    var name: String { "restored-\(absence.rawValue)-\(mode)-\(round)" }

    func problem() async throws -> String? {
        let life = absence == .week ? "12h" : "3s"
        let sandbox = try await Sandbox(arguments: ["--mode", mode, "--access-lifetime", life])
        let home = try Home()
        let clock = try SeamClock()
        let daemon = try await Daemon(home, environment: try clock.environment)
        try await home.enter("ada", sandbox)
        try await daemon.stop()
        let copy = try Data(contentsOf: URL(filePath: home.database))
        let ended = ContinuousClock.now + .seconds(4)
        try await daemon.start()
        for _ in 0..<5 { try await home.call("refresh", ["account": "ada"]) }
        if round % 2 == 0 { try await daemon.kill() } else { try await daemon.stop() }

        let before = try await sandbox.calls().count
        if absence == .week { try clock.set(wall: .seconds(7 * 86_400)) }
        if absence == .expired { try await Task.sleep(until: ended) }
        try copy.write(to: URL(filePath: home.database))
        try await daemon.start()
        try await home.waitUntilWell("ada", sandbox)
        let calls = try await sandbox.calls().dropFirst(before).compactMap { $0["call"]?.string }
        guard calls.first == "login" else { return "the first call after it was put back: \(calls.first ?? "none")" }
        let state = try await sandbox.control("GET", "state")
        guard state["reused"] == 0, state["revoked"] == 0 else { return "families were revoked: \(state.text)" }
        return nil
    }
}
