extension JSON {
    /// A number as it was written. Two numbers are equal if their texts are: `1` and `1.0` are not.
    public struct Number: Sendable, Hashable {
        /// The text: always a number in the grammar of RFC 8259, section 6.
        public let text: String

        /// A whole number.
        public init(_ value: some BinaryInteger) {
            // What `String(value)` would do digit by digit for every kind of integer, the type itself does at once.
            text = value.description
        }

        /// A number with a fraction, or nil for infinities and NaN, which JSON can't write.
        public init?(_ value: Double) {
            guard value.isFinite else { return nil }
            text = "\(value)"
        }

        /// For the reader, which has checked the grammar.
        init(checked text: String) {
            self.text = text
        }

        /// The value if it is written as a whole number (no fraction, no exponent) that fits, else nil.
        public var int64: Int64? {
            Int64(text)
        }

        /// The nearest `Double`, or nil where the number is beyond its range.
        public var double: Double? {
            Double(text).flatMap { $0.isFinite ? $0 : nil }
        }
    }
}

extension JSON.Number: CustomStringConvertible {
    /// The number as it was written.
    public var description: String { text }
}
