import Glibc
import Testing

/// What `Scripts/simulate` runs: one seed, step by step, or fresh seeds for as long as it is told.
@Suite(.enabled(if: SimulationOrder.given != nil)) struct `Simulation on demand` {
    @Test func `keeps every promise`() {
        switch SimulationOrder.given {
        case .seed(let seed, let years):
            var simulation = Simulation(seed: seed, isVerbose: true)
            simulation.run(years: years, steps: Self.steps(years))
            print("seed \(seed): \(simulation.counts.accountYears) account-years, \(simulation.counts)")
            #expect(simulation.breach == nil)
        case .minutes(let minutes, let years):
            var total = SimulationCounts()
            var worlds = 0
            let end = ContinuousClock.now + .seconds(60 * minutes)
            while ContinuousClock.now < end {
                var simulation = Simulation(seed: .random(in: 0..<(1 << 48)))
                simulation.run(years: years, steps: Self.steps(years))
                worlds += 1
                total = total + simulation.counts
                #expect(simulation.breach == nil)
            }
            print("\(worlds) seeds: \(total.accountYears) account-years, \(total)")
        case nil: Issue.record("nothing was ordered")
        }
    }

    /// A stormy year has so many that ten of them would take minutes.
    private static func steps(_ years: Double) -> Int { Int(4000 * years) }
}

enum SimulationOrder {
    case seed(UInt64, years: Double)
    case minutes(Double, years: Double)

    /// What the environment asks for.
    static var given: SimulationOrder? {
        let years = number("QUARTILED_SIMULATION_YEARS") ?? 10
        if let text = text("QUARTILED_SIMULATION_SEED"), let seed = UInt64(text) {
            return .seed(seed, years: years)
        }
        return number("QUARTILED_SIMULATION_MINUTES").map { .minutes($0, years: years) }
    }

    private static func number(_ name: String) -> Double? { text(name).flatMap(Double.init) }

    private static func text(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
