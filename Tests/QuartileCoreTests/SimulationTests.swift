import Testing

/// Random walks through everything that can happen, each from its seed. A failure names the seed that repeats it.
@Suite struct `Simulation of the core` {
    /// How many worlds there are, and when each ends.
    private static let seeds: ClosedRange<UInt64> = 1...40
    private static let years = 9.5
    private static let steps = 8000

    @Test func `keeps every promise for a thousand account-years`() async {
        let worlds = await withTaskGroup(of: Simulation.self) { group in
            for seed in Self.seeds {
                group.addTask {
                    var simulation = Simulation(seed: seed)
                    simulation.run(years: Self.years, steps: simulation.climate == .longLives ? .max : Self.steps)
                    return simulation
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        for world in worlds { #expect(world.breach == nil) }
        let total = worlds.map(\.counts).reduce(SimulationCounts(), +)
        let sum: Comment = "\(total.accountYears) account-years in \(total.steps) steps: \(total)"
        #expect(total.accountYears >= 1000, sum)
        // What is meant to be met is met.
        #expect(total.requests > 30_000, sum)
        #expect(total.sets > 20_000, sum)
        #expect(total.logins > 5000, sum)
        #expect(total.refusals > 1000, sum)
        #expect(total.lost > 500, sum)
        #expect(total.unread > 500, sum)
        #expect(total.failedCommits > 10_000, sum)
        #expect(total.crashes > 5000, sum)
        #expect(total.reboots > 1000, sum)
        #expect(total.clockSteps > 1000, sum)
        #expect(total.tokens > 10_000, sum)
        #expect(total.loginRequired > 1000, sum)
    }

    @Test func `is the same walk for the same seed`() {
        var walks = (0..<2).map { _ in Simulation(seed: 42) }
        for index in walks.indices { walks[index].run(years: 1, steps: 2000) }
        #expect(walks[0].counts == walks[1].counts)
        #expect(walks[0].counts.requests > 0)
    }

    @Test(arguments: SimulationSabotage.allCases)
    func `reports a core that`(_ sabotage: SimulationSabotage) throws {
        var steps = 0
        for seed in 1...40 as ClosedRange<UInt64> {
            var simulation = Simulation(seed: seed, climate: .stormy, sabotage: sabotage)
            simulation.run(years: 1, steps: 2000)
            steps += simulation.counts.steps
            guard let breach = simulation.breach else { continue }
            #expect(breach.promise == sabotage.breaks, "\(breach)")
            return
        }
        Issue.record("not reported in \(steps) steps")
    }

    @Test func `has a saboteur for every promise`() {
        #expect(Set(SimulationSabotage.allCases.map(\.breaks)) == Set(SimulationPromise.allCases))
    }
}
