import Testing

/// Random walks through everything that can happen, each from its seed. A failure names the seed that repeats it.
@Suite struct `Simulation of the core` {
    @Test(arguments: 1...60 as ClosedRange<UInt64>)
    func `keeps every promise`(seed: UInt64) {
        var simulation = Simulation(seed: seed)
        simulation.run(steps: 2000)
        #expect(simulation.broken == nil)
    }

    @Test func `is the same run for the same seed`() {
        var runs = (0..<2).map { _ in Simulation(seed: 42) }
        for index in runs.indices { runs[index].run(steps: 1000) }
        #expect(runs[0].counts == runs[1].counts)
        #expect(runs[0].counts.requests > 0)
    }

    @Test func `meets everything that it is meant to meet`() {
        var total = Simulation.Counts()
        for seed in 100..<110 as Range<UInt64> {
            var simulation = Simulation(seed: seed)
            simulation.run(steps: 2000)
            total = total + simulation.counts
        }
        #expect(total.steps == 20_000)
        #expect(total.sets > 500)
        #expect(total.refusals > 10)
        #expect(total.lost > 50)
        #expect(total.unread > 20)
        #expect(total.failedCommits > 100)
        #expect(total.crashes > 100)
        #expect(total.tokens > 2000)
        #expect(total.loginRequired > 0)
    }
}

extension Simulation.Counts {
    fileprivate static func + (a: Self, b: Self) -> Self {
        Self(
            steps: a.steps + b.steps,
            requests: a.requests + b.requests,
            sets: a.sets + b.sets,
            refusals: a.refusals + b.refusals,
            lost: a.lost + b.lost,
            unread: a.unread + b.unread,
            failedCommits: a.failedCommits + b.failedCommits,
            crashes: a.crashes + b.crashes,
            answers: a.answers + b.answers,
            tokens: a.tokens + b.tokens,
            loginRequired: a.loginRequired + b.loginRequired
        )
    }
}
