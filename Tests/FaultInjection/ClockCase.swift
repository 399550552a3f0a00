import EndToEndHarness
import Foundation

/// One way for time to go wrong.
enum ClockCase: Sendable {
    /// Somebody sets the clock so far from the right time, again and again.
    case steps([Duration])
    /// The machine sleeps. Then a client asks at once, or none does.
    case sleep(hours: Int, asked: Bool)
    /// The process stands still for longer than its token lives, on the machine's own clocks.
    case sleepInFact
    /// The server's clock is wrong by so many seconds.
    case skew(Int)
    case zones([String])

    var name: String {
        switch self {
        case .steps(let steps): "step-" + steps.map { "\($0.components.seconds)" }.joined(separator: ",")
        case .sleep(let hours, let asked): "sleep-\(hours)h\(asked ? "-asked" : "")"
        case .sleepInFact: "sleep-in-fact"
        case .skew(let seconds): "skew\(seconds)"
        case .zones: "zones"
        }
    }

    func run(_ plan: Plan) async throws -> Tally {
        var tally = Tally()
        switch self {
        case .zones(let zones):
            for zone in zones { tally.count("zone \(zone)", problem: try await ClockCase.problem(zone: zone)) }
            tally.note("time zones", "\(zones.count)")
        case .steps(let steps): tally.count(name, problem: try await problem(of: steps, life: life(plan), &tally))
        case .sleep(let hours, let asked):
            tally.count(name, problem: try await problem(sleeping: hours, asked: asked, &tally))
        case .sleepInFact: tally.count(name, problem: try await problemOfRealSleep(life: life(plan), &tally))
        case .skew(let seconds): tally.count(name, problem: try await problem(skew: seconds, life: life(plan)))
        }
        return tally
    }

    /// How long the access token lives where a case sees several of them: three quarters of it until it is due.
    private func life(_ plan: Plan) -> Double { plan.quick ? 8 : 20 }

    private func problem(of steps: [Duration], life: Double, _ tally: inout Tally) async throws -> String? {
        let clock = try SeamClock()
        let watch = try await TokenWatch(life: life, environment: try clock.environment)
        for step in steps {
            let before = try await watch.refreshes()
            try clock.set(wall: step)
            let (start, began) = (ContinuousClock.now, Date())
            // Long enough for a token to end, so that a clock which was set back has a chance to hide it.
            if let problem = try await watch.problem(for: .seconds(life + 3)) { return problem }
            let seen = Array(try await watch.refreshes().dropFirst(before.count))
            let byItself = Int((ContinuousClock.now - start) / .seconds(life * 0.75)) + 1
            guard seen.count <= byItself + 1 else { return "\(seen.count) refreshes after a step of \(step)" }
            guard !seen.isEmpty else { return "no refresh after a step of \(step)" }
            if let problem = try await watch.problem(showing: step) { return problem }
            tally.note("refreshes within 3 s of \(step)", "\(count(seen, within: 3, of: began))")
        }
        return nil
    }

    private func count(_ calls: [JSON], within seconds: Double, of moment: Date) -> Int {
        calls.count { ($0["at"]?.number ?? 0) < moment.timeIntervalSince1970 + seconds }
    }

    private func problem(sleeping hours: Int, asked: Bool, _ tally: inout Tally) async throws -> String? {
        let clock = try SeamClock()
        let watch = try await TokenWatch(life: 12 * 3600, environment: try clock.environment)
        watch.daemon.process.signal(SIGSTOP)
        try clock.set(asleep: .seconds(hours * 3600))
        watch.daemon.process.signal(SIGCONT)
        let woke = ContinuousClock.now
        if asked {
            let token = try await watch.home.call("get_token", ["account": "ada"])
            guard token["generation"] == 2 else { return "served the token from before" }
        }
        try await eventually("a refresh", within: .seconds(60)) { try await watch.refreshes().count == 1 }
        tally.note("\(name): refreshed after", (ContinuousClock.now - woke).inMilliseconds)
        if let problem = try await watch.problem(showing: .seconds(hours * 3600)) { return problem }
        try await Task.sleep(for: .seconds(3))
        let refreshes = try await watch.refreshes().count
        return refreshes == 1 ? nil : "\(refreshes) refreshes after one sleep"
    }

    private func problemOfRealSleep(life: Double, _ tally: inout Tally) async throws -> String? {
        let watch = try await TokenWatch(life: life)
        watch.daemon.process.signal(SIGSTOP)
        try await Task.sleep(for: .seconds(life + 2))
        watch.daemon.process.signal(SIGCONT)
        let woke = ContinuousClock.now
        if let problem = try await watch.problem(for: .seconds(1)) { return problem }
        try await eventually("a refresh", within: .seconds(60)) { try await watch.refreshes().count >= 1 }
        tally.note("\(name): refreshed within", (ContinuousClock.now - woke).inMilliseconds)
        return try await watch.refreshes().count == 1 ? nil : "more than one refresh"
    }

    private func problem(skew: Int, life: Double) async throws -> String? {
        let watch = try await TokenWatch(life: life, skew: Double(skew))
        if let problem = try await watch.problem(for: .seconds(life + 3)) { return problem }
        let refreshes = try await watch.refreshes().count
        return refreshes == 1 ? nil : "\(refreshes) refreshes in \(life + 3) s"
    }

    /// A token's end is the same in every zone, in whatever form the API says it.
    private static func problem(zone: String) async throws -> String? {
        for form in ["naive", "offset"] {
            let watch = try await TokenWatch(life: 3600, environment: ["TZ": zone], form: form)
            let token = try await watch.home.call("get_token", ["account": "ada"])
            let left = (token["expires_at_epoch"]?.number ?? 0) - Date().timeIntervalSince1970
            guard abs(left - 3600) < 30 else { return "\(form): \(left) s left" }
            let account = try await watch.home.standing(of: "ada")
            let due = try Date(present(account["next_refresh_at"]?.string, "a next refresh"), strategy: .iso8601)
            let wait = due.timeIntervalSinceNow
            guard abs(wait - 2700) < 30 else { return "\(form): due in \(wait) s" }
            try await watch.daemon.kill()
            await watch.sandbox.process.end()
        }
        return nil
    }
}
