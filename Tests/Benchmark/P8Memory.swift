import EndToEndHarness

extension Row {
    /// What it takes of a small machine.
    static let memory = Row("P8", "resident memory") { bench in
        let few = try await started(bench.plan.fewAccounts)
        let figures = ProcessFigures(few.daemon.process)
        let (idle, own) = (try figures.residentMemory(), try figures.anonymousMemory())
        _ = try await Load(bench).throughput(try few.target(), connections: 50, areKept: true)
        let loaded = try figures.residentMemory()

        let count = bench.plan.manyAccounts
        let many = try await started(count)
        let manyFigures = ProcessFigures(many.daemon.process)
        let (manyIdle, manyOwn) = (try manyFigures.residentMemory(), try manyFigures.anonymousMemory())
        _ = try await Load(bench).throughput(try many.target(), connections: 50, areKept: true)
        let bar = 25 + Double(count) * 1.5 / 1_024
        return [
            Figure("\(bench.plan.fewAccounts) accounts, idle", [idle], .mebibytes, bar: .atMost(25)),
            Figure("of which no file's", [own], .mebibytes),
            Figure("\(bench.plan.fewAccounts) accounts, after a load of P3", [loaded], .mebibytes, bar: .atMost(25)),
            Figure("\(count) accounts, idle", [manyIdle], .mebibytes, bar: .atMost(bar)),
            Figure("of which no file's", [manyOwn], .mebibytes),
            Figure(
                "\(count) accounts, after a load",
                [try manyFigures.residentMemory()],
                .mebibytes,
                bar: .atMost(bar)
            ),
        ]
    }

    /// A daemon that was started with its accounts, as after a boot, and has come to rest.
    private static func started(_ count: Int) async throws -> Subject {
        let subject = try await Subject(accounts: count)
        try await subject.daemon.stop()
        try await subject.daemon.start()
        try await Task.sleep(for: .seconds(2))
        return subject
    }
}
