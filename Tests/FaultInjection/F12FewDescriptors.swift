import EndToEndHarness
import Foundation

extension Fault {
    /// More clients than the daemon has descriptors for.
    static let fewDescriptors = Fault(
        "F12",
        "64 file descriptors and 200 clients",
        bar: "CPU below 5 % while starved; serving again within 1 s"
    ) { plan in
        var tally = Tally()
        for round in 1...plan.count(quick: 1, full: 3) where plan.includes("round-\(round)") {
            do {
                tally.count("round-\(round)", problem: try await problem(plan, &tally))
            } catch {
                tally.count("round-\(round)", problem: "\(error)")
            }
        }
        return tally
    }

    private static func problem(_ plan: Plan, _ tally: inout Tally) async throws -> String? {
        let sandbox = try await Sandbox()
        let home = try Home()
        let process = try ChildProcess(
            "/usr/bin/prlimit",
            ["--nofile=64:64", try Program.quartiled.path],
            environment: home.environment
        )
        try await eventually("the daemon's answer") {
            do {
                return try await WireClient(home).call("hello")["result"] != nil
            } catch is SystemError {
                return false
            }
        }
        try await home.enter("ada", sandbox)
        var clients = try (0..<200).map { _ in try WireClient(home) }
        var served: [WireClient] = []
        for client in clients {
            // The connection of a client that was turned away may be over before it has sent.
            try? await client.send(#"{"jsonrpc":"2.0","id":1,"method":"get_token","params":{"account":"ada"}}"#)
            let answer = try await client.answer()
            if answer["result"] != nil {
                served.append(client)
            } else if answer["error"]?["data"]?["code"] != "overloaded" {
                return "a client too many was told \(answer.text)"
            }
        }
        guard served.count > 10, served.count < 64 else { return "\(served.count) of 200 clients were served" }

        // The clients hold on to what they have, and others knock.
        let time = Duration.seconds(plan.count(quick: 3, full: 20))
        let before = try ProcessFigures(process.pid).processorTime
        let start = ContinuousClock.now
        while ContinuousClock.now - start < time {
            _ = try await WireClient(home).answer()
            try await Task.sleep(for: .milliseconds(100))
        }
        let share = (try ProcessFigures(process.pid).processorTime - before) / (ContinuousClock.now - start) * 100
        tally.note("CPU while starved", String(format: "%.1f %%", share), met: plan.quick || share < 5)
        // What is kept back serves the API and the database.
        let refresh = try await served[0].call("refresh", ["account": "ada"])
        guard refresh["result"]?["generation"] == 2 else { return "a refresh while starved: \(refresh.text)" }

        clients = []
        served = []
        let freed = ContinuousClock.now
        try await eventually("a client served again", within: .seconds(10), every: .milliseconds(5)) {
            do {
                return try await WireClient(home).call("get_token", ["account": "ada"])["result"] != nil
            } catch is SystemError {
                return false
            }
        }
        let took = ContinuousClock.now - freed
        tally.note("serving again after", took.inMilliseconds, met: took < .seconds(1))
        return process.end.map { "the daemon ended with \($0): \(process.errors)" }
    }
}
