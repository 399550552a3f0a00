import Foundation

/// The middle of many measurements, and how far the middle half of them lies apart.
struct Quartiles: Sendable {
    let low: Double
    let median: Double
    let high: Double
    /// How many there were.
    let count: Int

    /// Of at least one value.
    init(_ values: [Double]) {
        precondition(!values.isEmpty, "nothing was measured")
        let sorted = values.sorted()
        func at(_ share: Double) -> Double {
            let place = share * Double(sorted.count - 1)
            let below = sorted[Int(place)]
            let above = sorted[min(Int(place) + 1, sorted.count - 1)]
            return below + (above - below) * (place - place.rounded(.down))
        }
        low = at(0.25)
        median = at(0.5)
        high = at(0.75)
        count = values.count
    }
}
