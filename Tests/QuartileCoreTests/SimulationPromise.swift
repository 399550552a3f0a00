@testable import QuartileCore

/// What the core promises.
enum SimulationPromise: String, CaseIterable {
    case spentTokens = "a refresh token that is spent is not sent again"
    case oneFlight = "an account has one flight at a time"
    case goodTokens = "no caller gets an expired token, or an older one than before"
    case durableFirst = "a received set is durable before it is published, or known not to be"
    case recovery = "with a stored password every account is active again within a backoff step"
    case loginBudget = "the login budget is kept, and a rejected password is tried once"
    case acknowledgedSets = "no acknowledged generation is lost"
    case keptSets = "a received set that can't be saved is kept"
    case intentFirst = "nothing is sent without a durable intent"
    case retryAfter = "the API is left alone for as long as it asks"
    case backoff = "a failing API gets 12 requests in five minutes, and 40 in an hour after them"
    case answers = "every caller is answered once, in time, and with a token where there is one"
    case wakes = "the scheduler asks to be woken in time, and not for nothing"
    case conditions = "every change fits what is stored"
}

/// A promise that was broken.
struct SimulationBreach: CustomStringConvertible {
    var promise: SimulationPromise
    var what: String
    var seed: UInt64
    var step: Int
    var trace: [String]

    var description: String {
        "seed \(seed), step \(step): \(what)\nbroken: \(promise.rawValue)\n"
            + trace.joined(separator: "\n")
            + "\nrepeat with: Scripts/simulate --seed \(seed)"
    }
}

extension Simulation {
    /// Records the first broken promise.
    mutating func require(
        _ holds: Bool,
        _ promise: SimulationPromise,
        _ what: @autoclosure () -> String
    ) {
        guard !holds, breach == nil else { return }
        breach = SimulationBreach(
            promise: promise,
            what: what(),
            seed: seed,
            step: counts.steps,
            trace: trace.lines
        )
        if isVerbose, let breach { print(breach) }
    }
}
