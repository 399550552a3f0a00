/// Ends the program, which libFuzzer reports together with the input, unless `holds`.
public func expect(_ holds: Bool, _ property: @autoclosure () -> String) {
    guard holds else { fatalError("broken: \(property())") }
}

/// What `read` gives: ends the program, as ``expect(_:_:)`` does, where it throws.
public func require<Value, Failure: Error>(
    _ property: @autoclosure () -> String,
    _ read: () throws(Failure) -> Value
) -> Value {
    do {
        return try read()
    } catch {
        fatalError("broken: \(property()): \(error)")
    }
}
