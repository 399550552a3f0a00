/// A JSON value (RFC 8259).
///
/// Numbers keep the text they were written in, and objects the order and the duplicates of their members. A value
/// may hold tokens and passwords, so printing or reflecting one shows its kind only; ``text`` gives the content.
public enum JSON: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(Number)
    case string(String)
    case array([JSON])
    case object(Object)
}

extension JSON {
    /// An object's members, in the order they were written.
    public struct Object: Sendable, Hashable {
        /// One name and its value.
        public struct Member: Sendable, Hashable {
            /// The member's name, unescaped.
            public var name: String
            /// The member's value.
            public var value: JSON

            /// Makes a member.
            public init(_ name: String, _ value: JSON) {
                self.name = name
                self.value = value
            }
        }

        /// All members, duplicates included.
        public var members: [Member]

        /// Makes an object of members that are kept as they are.
        public init(_ members: [Member] = []) {
            self.members = members
        }

        /// The value of the last member called `name`: RFC 8259, section 4, leaves duplicates open; the last one wins.
        public subscript(name: String) -> JSON? {
            members.last { $0.name == name }?.value
        }

        /// Adds a member at the end.
        public mutating func append(_ name: String, _ value: JSON) {
            members.append(Member(name, value))
        }
    }

    /// The string, or nil if the value is no string.
    public var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The truth value, or nil if the value is none.
    public var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The number as a whole one, or nil: see ``Number/int64``.
    public var int64: Int64? {
        if case .number(let value) = self { value.int64 } else { nil }
    }

    /// The number as a finite `Double`, or nil: see ``Number/double``.
    public var double: Double? {
        if case .number(let value) = self { value.double } else { nil }
    }

    /// The elements, or nil if the value is no array.
    public var array: [JSON]? {
        if case .array(let value) = self { value } else { nil }
    }

    /// The object, or nil if the value is none.
    public var object: Object? {
        if case .object(let value) = self { value } else { nil }
    }

    /// Whether the value is `null`.
    public var isNull: Bool {
        self == .null
    }

    /// A whole number.
    public static func integer(_ value: some BinaryInteger) -> JSON {
        .number(Number(value))
    }

    /// The value's kind in JSON's own words: `object`, `string` …
    public var kind: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}

// No `nil` literal: in an optional's place it would quietly mean `null` instead of none.
extension JSON: ExpressibleByBooleanLiteral, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// `true` or `false`.
    public init(booleanLiteral value: Bool) {
        self = .bool(value)
    }

    /// A string.
    public init(stringLiteral value: String) {
        self = .string(value)
    }

    /// A whole number.
    public init(integerLiteral value: Int64) {
        self = .integer(value)
    }

    /// An array.
    public init(arrayLiteral elements: JSON...) {
        self = .array(elements)
    }

    /// An object whose members keep their order.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(Object(elements.map { Object.Member($0.0, $0.1) }))
    }
}

extension JSON: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The kind only, never the content.
    public var description: String { "<JSON \(kind)>" }
    /// The kind only, never the content.
    public var debugDescription: String { description }
    /// Nothing: the content may be secret.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension JSON.Object: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The kind only, never the content.
    public var description: String { "<JSON object>" }
    /// The kind only, never the content.
    public var debugDescription: String { description }
    /// Nothing: the content may be secret.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
