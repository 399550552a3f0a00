/// How the names in a token set are spelled. Both are in the wild.
enum Spelling: String, CaseIterable, Sendable {
    case snake
    case camel
}

/// How `expires_at` is written.
enum TimeForm: String, CaseIterable, Sendable {
    /// `2022-06-10T17:08:48`: UTC, without saying so.
    case naive
    /// `2022-06-10T17:08:48Z`
    case zoned
    /// `2022-06-10T17:08:48.125000`
    case fractional
    /// `2022-06-10T19:08:48+02:00`: the same moment told two hours east of UTC.
    case offset
}

/// How a token set is written: the variants that a client must cope with, and the damage that faults do.
struct AnswerShape: Equatable, Sendable {
    /// Which of the two token objects a change is about.
    enum Part: String, CaseIterable, Sendable {
        case authorization
        case refresh
    }

    var spelling = Spelling.snake
    var timeForm = TimeForm.naive
    /// Numbers are written as strings.
    var numbersAsStrings = false
    /// Members that no documentation names are added.
    var unknownFields = false
    /// Everything but the two tokens and the lifetime of the first is left out or null.
    var omitsOptional = false
    /// Stands in the place of one part's `expires_in`.
    var lifetime: Substitute?
    /// Stands in the place of one part's token.
    var token: Substitute?

    /// A value in the place of another, or its absence.
    struct Substitute: Equatable, Sendable {
        var part: Part
        /// Nil: the member is left out.
        var value: JSONValue?
    }

    /// One change to a shape.
    enum Change: Equatable, Sendable {
        case numbersAsStrings
        case timeForm(TimeForm)
        case unknownFields
        case omitsOptional
        case spelling(Spelling)
        case lifetime(Substitute)
        case token(Substitute)
    }

    /// Applies a change.
    mutating func apply(_ change: Change) {
        switch change {
        case .numbersAsStrings: numbersAsStrings = true
        case .timeForm(let form): timeForm = form
        case .unknownFields: unknownFields = true
        case .omitsOptional: omitsOptional = true
        case .spelling(let value): spelling = value
        case .lifetime(let substitute): lifetime = substitute
        case .token(let substitute): token = substitute
        }
    }
}
