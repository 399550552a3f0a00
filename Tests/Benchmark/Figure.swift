import EndToEndHarness
import Foundation

/// What must hold for a figure.
enum Bar: Sendable {
    case atMost(Double)
    case atLeast(Double)
}

/// One measured thing.
struct Figure: Sendable {
    enum Unit: String, Sendable {
        /// So many times as much as the other side.
        case ratio = "x"
        case microseconds = "us"
        case milliseconds = "ms"
        case seconds = "s"
        case mebibytes = "MiB"
        case perSecond = "1/s"
        case count = ""
    }

    let what: String
    let value: Quartiles
    let unit: Unit
    /// What must hold, where it is not there for information alone.
    let bar: Bar?

    init(_ what: String, _ values: [Double], _ unit: Unit, bar: Bar? = nil) {
        self.what = what
        value = Quartiles(values)
        self.unit = unit
        self.bar = bar
    }

    /// Whether the bar is met; nil where there is none.
    var isMet: Bool? {
        switch bar {
        case .atMost(let most)?: value.median <= most
        case .atLeast(let least)?: value.median >= least
        case nil: nil
        }
    }

    /// The median, and the quartiles where there was more than one measurement.
    var text: String {
        let median = written(value.median)
        return value.count > 1 ? "\(median) (\(written(value.low)) to \(written(value.high)))" : median
    }

    /// The bar as in `<= 1.3`.
    var barText: String {
        switch bar {
        case .atMost(let most)?: "<= \(written(most))"
        case .atLeast(let least)?: ">= \(written(least))"
        case nil: ""
        }
    }

    private func written(_ number: Double) -> String {
        let digits =
            switch unit {
            case .ratio, .mebibytes: 2
            case .microseconds, .milliseconds, .seconds: 1
            case .perSecond, .count: 0
            }
        let unit = unit.rawValue
        return String(format: "%.\(digits)f", number) + (unit.isEmpty ? "" : unit == "x" ? " x" : " \(unit)")
    }

    var json: JSON {
        var members: [String: JSON] = [
            "what": .string(what), "unit": .string(unit.rawValue), "median": .number(value.median),
            "quartiles": [.number(value.low), .number(value.high)], "measurements": .number(Double(value.count)),
        ]
        switch bar {
        case .atMost(let most)?: members["at_most"] = .number(most)
        case .atLeast(let least)?: members["at_least"] = .number(least)
        case nil: break
        }
        members["met"] = isMet.map { .bool($0) }
        return .object(members)
    }
}
