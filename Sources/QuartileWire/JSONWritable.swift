/// What can be written as JSON text (RFC 8259): a tree of ``JSON``, or a type that needs none, since it is written by the
/// thousand.
public protocol JSONWritable: Sendable {
    /// Appends the value as JSON text without white space: one line, since control characters are escaped.
    func write(to output: inout [UInt8])
}

extension JSONWritable {
    /// The value as JSON text: what ``write(to:)`` writes.
    public var bytes: [UInt8] {
        var output: [UInt8] = []
        write(to: &output)
        return output
    }
}

// What a type needs that writes its own members, in the order and with the names of the protocol.
extension [UInt8] {
    /// Appends JSON text as it stands.
    mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { append(contentsOf: $0) }
    }

    /// Appends a JSON string.
    mutating func append(json string: String) {
        var string = string
        string.withUTF8 { append(json: $0) }
    }

    /// Appends a JSON string of UTF-8.
    mutating func append(json utf8: UnsafeBufferPointer<UInt8>) {
        JSON.write(utf8, to: &self)
    }

    /// Appends a JSON number.
    mutating func append(json number: Int64) {
        if number < 0 { append(ASCII.minus) }
        // Its digits come last first.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var start = digits.count
            var rest = number.magnitude
            repeat {
                start -= 1
                digits.initializeElement(at: start, to: ASCII.zero + UInt8(rest % 10))
                rest /= 10
            } while rest > 0
            append(contentsOf: UnsafeBufferPointer(rebasing: digits[start...]))
        }
    }
}
