/// The result of `reject_token`.
public struct RejectTokenResult: Sendable, Hashable {
    /// What came of it.
    public enum Outcome: String, Sendable, CaseIterable {
        /// A refresh has brought a new token.
        case refreshed
        /// The refused token is not the newest.
        case alreadyReplaced = "already_replaced"
        /// The last refresh was too short a time ago for another.
        case tooSoon = "too_soon"
    }

    /// What came of it.
    public var outcome: Outcome
    /// The generation of the newest token.
    public var generation: Int64

    /// Makes a result.
    public init(_ outcome: Outcome, generation: Int64) {
        self.outcome = outcome
        self.generation = generation
    }

    /// The result as JSON.
    public var json: JSON {
        ["outcome": .string(outcome.rawValue), "generation": .integer(generation)]
    }

    /// Reads a result.
    public init(json: JSON) throws(ProtocolViolation) {
        let reader = try ResultReader(json, of: "a rejection")
        let word = try reader.string("outcome")
        guard let outcome = Outcome(rawValue: word) else {
            throw ProtocolViolation("an outcome of a rejection that this version does not know")
        }
        self.init(outcome, generation: try reader.integer("generation"))
    }
}
