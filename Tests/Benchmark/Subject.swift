import EndToEndHarness
import Foundation

/// A daemon with imported accounts, of which none is due.
struct Subject {
    let home: Home
    let daemon: Daemon
    let accounts: [String]

    /// Starts one and gives it accounts.
    init(accounts count: Int, environment: [String: String] = [:]) async throws {
        home = try Home()
        daemon = try await Daemon(home, environment: environment)
        accounts = (0..<count).map { "account-\($0)" }
        try await call(accounts) { ("import_tokens", ImportedAccount.params($0)) }
    }

    /// Calls a method for each, many at a time, and throws if one of them fails.
    func call(_ names: [String], _ content: (_ name: String) -> (method: String, params: JSON)) async throws {
        let client = try WireClient(home)
        let some = 16  // A line with more imports would be too long.
        for start in stride(from: 0, to: names.count, by: some) {
            let batch = names[start..<min(start + some, names.count)].enumerated().map { index, name -> JSON in
                let (method, params) = content(name)
                return [
                    "jsonrpc": "2.0", "id": .number(Double(index)), "method": .string(method), "params": params,
                ]
            }
            let answers = try await client.exchange(JSON.array(batch).text).elements
            let failures = answers.filter { $0["result"] == nil }
            guard answers.count == batch.count, failures.isEmpty else {
                throw Finished.Unexpected(description: "a call failed: \(failures.first?.text ?? "no answer")")
            }
        }
    }

    /// Asks for the token of each account, in an order that chance chose once.
    func target() throws -> Target {
        Target(socket: home.socket, requests: try requests(for: accounts), process: daemon.process)
    }

    /// A file of requests, one for each.
    func requests(for accounts: [String]) throws -> String {
        var generator = FixedOrder()
        let lines = accounts.shuffled(using: &generator).map { Self.request(for: $0) + "\n" }
        return try World.current.file("requests", lines.joined())
    }

    /// A request as a program would write it.
    static func request(for account: String) -> String {
        JSON.object(["jsonrpc": "2.0", "id": 1, "method": "get_token", "params": ["account": .string(account)]]).text
    }

    /// The answer that the daemon gives, to be given by the floor as well.
    func answer() async throws -> String {
        try await WireClient(home).exchange(Self.request(for: accounts[0])).text
    }
}

/// The same order in each run (a linear congruential generator, Knuth's MMIX).
private struct FixedOrder: RandomNumberGenerator {
    private var state: UInt64 = 1

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state
    }
}
