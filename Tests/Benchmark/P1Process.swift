import EndToEndHarness
import Foundation

extension Row {
    /// What a shell script pays for a token.
    static let process = Row("P1", "quartilectl get-token as a whole process") { bench in
        let opponents = try await Opponents(bench)
        let account = opponents.subject.accounts[0]
        try await checkOutcomes(opponents.subject.home, account)
        let request = Subject.request(for: account)
        let own = "\(try Program.quartilectl.path) --socket \(opponents.own.socket) get-token --account \(account)"
        let floor = "\(bench.tool("floor-client")) \(opponents.floor.socket) \(request)"
        let agent = try await OIDCAgent(bench)
        let lines = [floor, own, floor] + (agent == nil ? [] : [OIDCAgent.commandLine])

        let output = try World.current.file("tokens", "")
        var (times, cpu) = (Comparison(), Comparison())
        for round in 0...bench.plan.rounds {
            let load = Load(bench)
            let count = bench.plan.count(smoke: 5, full: 40)
            let outcome = try await load.run(
                ["processes", "\(count)", output] + lines,
                environment: agent?.environment ?? [:]
            )
            guard round > 0 else {
                try check(output, count: count * lines.count, kinds: agent == nil ? 1 : 2)
                continue
            }
            times.add(outcome, "time", hasAgent: agent != nil)
            cpu.add(outcome, "cpu", hasAgent: agent != nil)
        }
        var figures = [
            Figure("time, of the C client's", times.ratios("own"), .ratio, bar: .atMost(1.3)),
            Figure("processor time, of the C client's", cpu.ratios("own"), .ratio),
            Figure("time", times.values("own").map { $0 / 1e6 }, .milliseconds),
            Figure("time of the C client", times.floor.map { $0 / 1e6 }, .milliseconds),
            Figure("noise: the C client against itself", times.noise, .ratio),
        ]
        if agent != nil { figures.append(Figure("oidc-token, of the C client's", times.ratios("agent"), .ratio)) }
        return figures
    }

    /// Whether the release program gives what it should also where that is no plain token: it begins before Swift's libraries
    /// are set up, which no other build does.
    private static func checkOutcomes(_ home: Home, _ account: String) async throws {
        let outcomes: [(arguments: [String], code: Int32, words: String)] = [
            (["--account", account, "--format", "json"], 0, "\"access_token\":"),
            (["--account", account, "--format", "env", "--min-valid", "60"], 0, "QUARTILE_ACCESS_TOKEN="),
            (["--account", account, "--format", "header"], 0, "Authorization: Bearer "),
            (["--account", "nobody"], 67, "there is no account nobody"),
            (["--account", "a b"], 64, "an account's name is"),
            (["--account", account, "--socket", "/nonexistent/socket"], 69, "/nonexistent/socket"),
        ]
        for (arguments, code, words) in outcomes {
            let run = try await home.run(.quartilectl, ["get-token"] + arguments).expect(code)
            guard (code == 0 ? run.output : run.errors).contains(words) else {
                throw Finished.Unexpected(description: "get-token \(arguments) said: \(run.errors)")
            }
        }
    }

    /// Whether that many tokens were printed, and all sides but oidc-token printed the same.
    private static func check(_ output: String, count: Int, kinds: Int) throws {
        let tokens = try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n")
        guard tokens.count == count, Set(tokens).count == kinds else {
            throw Finished.Unexpected(description: "\(count) runs printed \(tokens.count) tokens")
        }
    }
}

extension Comparison {
    /// Takes in a round of `load processes`: the floor, the client, the floor, and oidc-token.
    fileprivate mutating func add(_ outcome: Load.Outcome, _ name: String, hasAgent: Bool) {
        func median(_ place: Int) -> Double { Quartiles(outcome.all("\(name)\(place)")).median }
        var others = ["own": median(1)]
        if hasAgent { others["agent"] = median(3) }
        add(floor: median(0), others: others, floorAgain: median(2))
    }
}
