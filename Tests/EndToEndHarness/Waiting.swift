/// How long a test waits for what must come: far longer than it takes on a machine that is busy with other things,
/// since nothing but a defect ever waits so long.
package let patience = Duration.seconds(90)

/// Something that had to come did not.
package struct TimedOut: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }
}

/// Asks again and again until there is an answer, and returns it. Throws `TimedOut` when `limit` has passed.
@discardableResult
package func eventually<Value>(
    _ what: String,
    within limit: Duration = patience,
    every interval: Duration = .milliseconds(10),
    _ condition: () async throws -> Value?
) async throws -> Value {
    let deadline = ContinuousClock.now + limit
    while true {
        if let value = try await condition() { return value }
        guard ContinuousClock.now < deadline else { throw TimedOut(description: "waited \(limit) in vain: \(what)") }
        try await Task.sleep(for: interval)
    }
}

/// Waits until something holds.
package func eventually(
    _ what: String,
    within limit: Duration = patience,
    every interval: Duration = .milliseconds(10),
    _ condition: () async throws -> Bool
) async throws {
    try await eventually(what, within: limit, every: interval) { () async throws -> Void? in
        try await condition() ? () : nil
    }
}
