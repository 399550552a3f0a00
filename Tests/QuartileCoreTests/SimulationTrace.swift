@testable import QuartileCore

/// The last things that happened.
struct SimulationTrace {
    struct Event {
        var time: Milliseconds
        var account: AccountName?
        var what: String
        var number: Int64?
    }

    private var events: [Event] = []
    private var next = 0
    private static let length = 32

    mutating func append(_ event: Event) {
        if events.count < SimulationTrace.length {
            events.append(event)
        } else {
            events[next] = event
            next = (next + 1) % SimulationTrace.length
        }
    }

    /// Oldest first, a line each.
    var lines: [String] { (events[next...] + events[..<next]).map(\.description) }
}

extension SimulationTrace.Event: CustomStringConvertible {
    var description: String {
        let seconds = time.count / 1000
        func pad(_ number: Int64, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        let clock =
            "\(pad(seconds / 3600 % 24, 2)):\(pad(seconds / 60 % 60, 2)):\(pad(seconds % 60, 2))"
        let who = account.map { "\($0) " } ?? ""
        let detail = number.map { " \($0)" } ?? ""
        return "day \(seconds / 86_400) \(clock).\(pad(time.count % 1000, 3)) \(who)\(what)\(detail)"
    }
}

extension Simulation {
    mutating func note(_ what: String, _ account: AccountName? = nil, _ number: Int64? = nil) {
        let event = SimulationTrace.Event(
            time: clock.time,
            account: account,
            what: what,
            number: number
        )
        trace.append(event)
        if isVerbose { print(event) }
    }
}

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
