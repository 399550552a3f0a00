import EndToEndHarness
import Foundation

extension Fault {
    /// Clocks that jump, machines that sleep, servers that are wrong, and time zones.
    static let clocks = Fault(
        "F10",
        "clock steps of ±1 h and ±10 years, 13 h of suspend, server skew of ±10 min, any TZ",
        bar: "no expired token served; refreshed within 60 s of waking; at most 2 refreshes a step"
    ) { plan in
        var cases = [ClockCase.sleepInFact, .sleep(hours: 13, asked: true), .sleep(hours: 13, asked: false)]
        cases += [600, -600].map(ClockCase.skew)
        let steps: [Duration] = [.seconds(3600), .seconds(-3600), .seconds(315_360_000), .seconds(-315_360_000)]
        cases += steps.map { .steps([$0]) }
        if !plan.quick {
            cases += [.steps(steps), .steps(steps.reversed()), .steps([steps[3], .zero, steps[2], .zero])]
        }
        cases.append(.zones(plan.quick ? Zones.few : Zones.all))
        return await plan.idle(jobs: 20).tryAll(cases, named: \.name) { one in try await one.run(plan) }
    }
}

/// Time zones to run a daemon in.
private enum Zones {
    static let few = ["UTC", "America/St_Johns", "Pacific/Kiritimati", ":/no/such/zone", "XYZ-14:59", ""]

    /// All that the machine knows, and a few that none does.
    static var all: [String] {
        let known = (try? String(contentsOfFile: "/usr/share/zoneinfo/tzdata.zi", encoding: .utf8)) ?? ""
        let names = known.split(separator: "\n").filter { $0.hasPrefix("Z ") }.compactMap {
            $0.split(separator: " ").dropFirst().first.map(String.init)
        }
        // Without the list, one zone for each hour does.
        let hours = (-12...14).map { "X\($0 < 0 ? "+" : "-")\(abs($0))" }
        return few + hours + names.enumerated().filter { $0.offset % 8 == 0 }.map(\.element)
    }
}
