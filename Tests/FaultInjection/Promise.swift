/// A promise that was not kept.
struct Unmet: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// The promise.
struct LostLogin: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Throws where something is not as it must be.
func hold(_ condition: Bool, _ otherwise: @autoclosure () -> String) throws {
    guard condition else { throw Unmet(otherwise()) }
}
