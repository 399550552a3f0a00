/// How much is measured.
struct Plan: Sendable {
    /// Whether it is enough to see that everything works.
    let isSmoke: Bool

    /// What the figures are made from.
    static let full = Plan(isSmoke: false)
    /// As little as shows that everything works.
    static let smoke = Plan(isSmoke: true)

    /// A number for either.
    func count(smoke: Int, full: Int) -> Int { isSmoke ? smoke : full }

    /// How often the sides take turns, so that what else the machine does falls on all of them alike.
    var rounds: Int { count(smoke: 2, full: 25) }
    /// How long a side has the machine in its turn.
    var turnMilliseconds: Int { count(smoke: 50, full: 300) }
    /// How many accounts are a few, and how many are many.
    var fewAccounts: Int { 10 }
    var manyAccounts: Int { count(smoke: 200, full: 10_000) }
}

/// What all rows are measured with.
struct Bench: Sendable {
    let plan: Plan
    let cores: Cores
    /// The directory of the C programs, and that of their sources.
    let tools: String
    let sources: String

    /// The path of one of the C programs.
    func tool(_ name: String) -> String { tools + "/" + name }
}
