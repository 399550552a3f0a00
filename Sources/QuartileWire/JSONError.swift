/// Why bytes are not a JSON text, and where. Says nothing of the content.
public struct JSONError: Error, Hashable {
    /// What is wrong.
    public enum Reason: Sendable, Hashable {
        /// The text ends inside a value, or is empty.
        case unexpectedEnd
        /// A byte stands where the grammar of RFC 8259 allows none like it.
        case unexpectedByte
        /// Something other than white space follows the value.
        case trailingBytes
        /// A number is not in the grammar of RFC 8259, section 6.
        case malformedNumber
        /// A string holds a control character that is not escaped.
        case controlCharacter
        /// A backslash is not followed by one of the escapes of RFC 8259, section 7.
        case malformedEscape
        /// A `\u` escape names half of a surrogate pair.
        case loneSurrogate
        /// A string is not well-formed UTF-8.
        case invalidUTF8
        /// Arrays and objects are nested deeper than ``JSON/maximumDepth``.
        case tooDeep
    }

    /// What is wrong.
    public var reason: Reason
    /// Where it was noticed, counted in bytes from 0.
    public var offset: Int

    /// Makes an error.
    public init(_ reason: Reason, offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

extension JSONError: CustomStringConvertible {
    /// One clause for people, such as `unexpected byte at offset 12`.
    public var description: String {
        let what =
            switch reason {
            case .unexpectedEnd: "unexpected end"
            case .unexpectedByte: "unexpected byte"
            case .trailingBytes: "more than one value"
            case .malformedNumber: "malformed number"
            case .controlCharacter: "control character in a string"
            case .malformedEscape: "malformed escape"
            case .loneSurrogate: "half of a surrogate pair"
            case .invalidUTF8: "not UTF-8"
            case .tooDeep: "nested too deeply"
            }
        return "\(what) at offset \(offset)"
    }
}
