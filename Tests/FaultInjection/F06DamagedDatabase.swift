import EndToEndHarness

extension Fault {
    /// A disk that forgets, a backup that was cut off, a key that was mixed up.
    static let damagedDatabase = Fault(
        "F6",
        "bit flips and truncation of the database, wrong key, newer schema",
        bar: "an error with the right code, file untouched, 0 crashes in 1,000"
    ) { plan in
        let sound = try await SoundDatabase.make()
        let cases = (0..<plan.count(quick: 56, full: 1000)).map { number in
            DamageCase(damage: Damage.allCases[number % Damage.allCases.count], number: number)
        }
        var tally = await plan.tryAll(cases, named: \.name) { one in
            var tally = Tally()
            var random = plan.chances(one.name)
            tally.count(one.name, problem: try await one.problem(sound, using: &random, &tally))
            return tally
        }
        let ends = Dictionary(grouping: tally.figures, by: \.name).mapValues(\.count).sorted { $0.key < $1.key }
        tally.figures = ends.map { Figure(name: $0.key, value: "\($0.value)", met: true) }
        let crashes = ends.filter { $0.key.hasPrefix("signal") }.map(\.value).reduce(0, +)
        tally.note("crashes", "\(crashes)", met: crashes == 0)
        return tally
    }
}
