/// What a fault does to an exchange.
enum FaultAction: Equatable, Sendable {
    /// Another status, with a body and headers of its own.
    case answer(Answer, retryAfter: RetryAfter?)
    /// The connection ends with a TCP reset and no answer.
    case reset
    /// The connection ends in good order and with no answer.
    case close
    /// The answer's head and the first bytes of its body, then the end of the connection. Nil: half of the body.
    case truncate(bytes: Int?)
    /// Nothing at all, until the fault is deleted; then the exchange goes on.
    case hang
    /// The exchange goes on after so many seconds.
    case delay(Double)
    /// The answer's body comes one byte at a time, with so many seconds between two.
    case drip(Double)
    /// A body without end (in fact 64 MiB).
    case endless
    /// A sound set of tokens is written in another way.
    case reshape(AnswerShape.Change)
    /// Status 201 with this in place of the token set.
    case replaceBody(String)
}

/// `Retry-After` in its two forms (RFC 9110, section 10.2.3).
struct RetryAfter: Equatable, Sendable {
    var seconds: Double
    var isDate: Bool
}

/// A fault and the calls it waits for.
struct Fault: Equatable, Sendable {
    /// Where in the exchange it strikes.
    enum Moment: String, CaseIterable, Sendable {
        /// In place of the processing: nothing is issued or spent.
        case before
        /// After the processing: tokens are issued and spent, and the answer suffers.
        case after
    }

    /// The kind, as the control endpoint names it.
    var kind: String
    var action: FaultAction
    var moment: Moment
    /// Nil: any.
    var call: CallKind?
    var version: APIVersion?
    var username: String?
    /// So many matching calls go by first.
    var skip = 0
    /// How many calls it still strikes; nil: all.
    var remaining: Int? = 1
    /// How many it has struck.
    var struck = 0
}
