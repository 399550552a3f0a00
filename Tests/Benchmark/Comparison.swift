/// Sides that took turns, so that what else the machine does falls on all of them alike.
///
/// The floor has two turns in each round, before and after the others: the ratio of these two is the machine's noise.
struct Comparison: Sendable {
    private(set) var floor: [Double] = []
    private(set) var floorAgain: [Double] = []
    private var others: [String: [Double]] = [:]

    /// Measures each side in `rounds` rounds. One round that is not counted comes before.
    init(
        rounds: Int,
        floor measureFloor: () async throws -> Double,
        others sides: [(name: String, measure: () async throws -> Double)]
    ) async throws {
        for round in 0...rounds {
            let before = try await measureFloor()
            var measured: [String: Double] = [:]
            for side in sides { measured[side.name] = try await side.measure() }
            let after = try await measureFloor()
            if round > 0 { add(floor: before, others: measured, floorAgain: after) }
        }
    }

    /// No rounds yet.
    init() {}

    /// Takes in a round.
    mutating func add(floor before: Double, others measured: [String: Double], floorAgain after: Double) {
        floor.append(before)
        floorAgain.append(after)
        for (name, value) in measured { others[name, default: []].append(value) }
    }

    /// What a side measured in each round.
    func values(_ name: String) -> [Double] { others[name] ?? [] }

    /// A side's share of the floor in each round.
    func ratios(_ name: String) -> [Double] {
        values(name).indices.map { values(name)[$0] / ((floor[$0] + floorAgain[$0]) / 2) }
    }

    /// The floor against itself.
    var noise: [Double] { floor.indices.map { floorAgain[$0] / floor[$0] } }
}
