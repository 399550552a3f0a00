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
