import EndToEndHarness
import Foundation

/// One damage, done to files of its own.
struct DamageCase: Sendable {
    let damage: Damage
    let number: Int

    var name: String { "\(damage.rawValue)-\(number)" }

    func problem(
        _ sound: SoundDatabase,
        using random: inout SeededGenerator,
        _ tally: inout Tally
    ) async throws -> String? {
        let home = try Home()
        try sound.database.put(at: home.database)
        try sound.key.put(at: home.key)
        try await damage.strike(home, sound, using: &random)
        let before = try Data(contentsOf: URL(filePath: home.database))

        let process = try home.start(.quartiled)
        let client = try await eventually("an answer or an end", every: .milliseconds(2)) { () -> WireClient?? in
            if process.end != nil { return .some(nil) }
            do {
                // The socket is there before the database is opened.
                let client = try WireClient(home)
                return try await client.isAnswered() ? .some(client) : nil
            } catch is SystemError {
                return nil
            }
        }
        guard let client else {
            let end = try await process.waitForEnd()
            guard case .exit(let code) = end else {
                tally.note("signal", "\(end)")
                return "ended with \(end): \(process.errors)"
            }
            tally.note("exit \(code)", "")
            guard (damage.codes ?? [74, 78]).contains(code) else { return "exit \(code): \(process.errors)" }
            let after = try Data(contentsOf: URL(filePath: home.database))
            return after == before ? nil : "exit \(code), and the file was changed"
        }
        tally.note("served", "")
        let problem = try await problem(client, sound)
        process.signal(SIGTERM)
        let end = try await process.waitForEnd()
        if case .signal = end { tally.note("signal", "\(end)") }
        guard end == .exit(0) else { return "served, and ended with \(end): \(process.errors)" }
        return problem
    }

    /// What is wrong with what is served of a database that was opened.
    private func problem(_ client: WireClient, _ sound: SoundDatabase) async throws -> String? {
        guard damage.codes == nil else { return "served all the same" }
        var failed = 0
        for (account, token) in sound.tokens {
            let answer = try await client.call("get_token", ["account": .string(account), "max_wait": 1])
            if let served = answer["result"]?["access_token"]?.string {
                guard served == token else { return "\(account) got a token that is not its own" }
            } else if answer["error"]?["data"]?["code"] == "storage_failed" {
                failed += 1
            } else {
                return "\(account): \(answer.text)"
            }
        }
        guard damage == .movedValue else { return nil }
        return failed == 1 ? nil : "\(failed) accounts answer storage_failed, not the one whose value was moved"
    }
}
