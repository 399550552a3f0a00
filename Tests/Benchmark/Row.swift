/// One row of the table of what is measured.
struct Row: Sendable {
    /// `P1` to `P10`.
    let id: String
    let title: String
    /// Measures it in a ``World`` of its own.
    let measure: @concurrent @Sendable (Bench) async throws -> [Figure]

    init(_ id: String, _ title: String, measure: @escaping @concurrent @Sendable (Bench) async throws -> [Figure]) {
        self.id = id
        self.title = title
        self.measure = measure
    }

    /// Every row, in the order of their numbers.
    static let all: [Row] = [
        .process, .latency, .throughput, .connections, .manyAccounts, .manyDue, .start, .memory, .idle, .size,
    ]
}
