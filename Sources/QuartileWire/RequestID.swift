/// The `id` of a request, which its answer repeats (JSON-RPC 2.0, section 4).
///
/// A number is repeated in the digits it came in, so `1.0` is not answered as `1`.
public enum RequestID: Sendable, Hashable {
    case string(String)
    case number(JSON.Number)
    case null

    /// The id that `json` stands for, or nil for a boolean, an array or an object, which can't be one.
    public init?(json: JSON) {
        switch json {
        case .string(let text): self = .string(text)
        case .number(let number): self = .number(number)
        case .null: self = .null
        case .bool, .array, .object: return nil
        }
    }

    /// The id as JSON.
    public var json: JSON {
        switch self {
        case .string(let text): .string(text)
        case .number(let number): .number(number)
        case .null: .null
        }
    }
}

extension RequestID: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
    /// A whole number as id.
    public init(integerLiteral value: Int64) {
        self = .number(JSON.Number(value))
    }

    /// A string as id.
    public init(stringLiteral value: String) {
        self = .string(value)
    }
}
