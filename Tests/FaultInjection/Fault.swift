/// One row of the table of faults: what goes wrong, and what must hold all the same.
struct Fault: Sendable {
    /// `F1` to `F17`, as in the reliability document.
    let id: String
    /// What is done to the programs.
    let title: String
    /// What must hold.
    let bar: String
    /// Tries it in a ``World`` of its own. Throws only where nothing could be tried: what went wrong with one case
    /// belongs into the tally.
    let run: @concurrent @Sendable (Plan) async throws -> Tally

    init(
        _ id: String,
        _ title: String,
        bar: String,
        run: @escaping @concurrent @Sendable (Plan) async throws -> Tally
    ) {
        self.id = id
        self.title = title
        self.bar = bar
        self.run = run
    }
}
