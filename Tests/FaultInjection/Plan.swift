/// How much is tried, and with which chances.
struct Plan: Sendable {
    /// A sample for every change, rather than everything.
    let quick: Bool
    /// Where all chance comes from.
    let seed: UInt64
    /// How many cases may run at a time.
    let jobs: Int
    /// Only the cases whose name holds this text; nil for all of them.
    let only: String?

    /// Whether a case is to be tried. Its name is what a failure prints, so that it can be asked for again.
    func includes(_ name: String) -> Bool { only.map { name.contains($0) } ?? true }

    /// Chances that depend on the seed and the name alone, not on what else runs.
    func chances(_ name: String) -> SeededGenerator { SeededGenerator(seed: seed, name: name) }

    /// The smaller number in a sample, the greater otherwise.
    func count(quick few: Int, full many: Int) -> Int { quick ? few : many }

    /// Tries the cases, ``jobs`` at a time, and adds up what they found. What a case throws is its failure.
    func tryAll<Case: Sendable>(
        _ cases: [Case],
        named name: @Sendable (Case) -> String,
        _ attempt: @escaping @concurrent @Sendable (Case) async throws -> Tally
    ) async -> Tally {
        await withTaskGroup(of: Tally.self) { group in
            var waiting = cases.filter { includes(name($0)) }[...]
            func next() {
                guard let one = waiting.popFirst() else { return }
                let name = name(one)
                group.addTask {
                    do {
                        return try await attempt(one)
                    } catch {
                        return Tally(failure: "\(name): \(error)")
                    }
                }
            }
            for _ in 0..<max(jobs, 1) { next() }
            var sum = Tally()
            while let tally = await group.next() {
                sum.add(tally)
                next()
            }
            return sum
        }
    }
}
