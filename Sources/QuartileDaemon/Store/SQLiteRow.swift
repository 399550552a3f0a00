import FoundationEssentials
import GRDB
import QuartileCore

/// A value of another type, or another text, than this program writes.
struct UnexpectedValue: Error {}

/// Columns by position, with an error where GRDB's subscripts would end the process: a damaged file can hold anything.
extension Row {
    func text(_ index: Int) throws(UnexpectedValue) -> String {
        guard let value = try textIfPresent(index) else { throw UnexpectedValue() }
        return value
    }

    func textIfPresent(_ index: Int) throws(UnexpectedValue) -> String? {
        switch (self[index] as DatabaseValue).storage {
        case .string(let value): return value
        case .null: return nil
        case .blob, .int64, .double: throw UnexpectedValue()
        }
    }

    func integer(_ index: Int) throws(UnexpectedValue) -> Int64 {
        guard let value = try integerIfPresent(index) else { throw UnexpectedValue() }
        return value
    }

    func integerIfPresent(_ index: Int) throws(UnexpectedValue) -> Int64? {
        switch (self[index] as DatabaseValue).storage {
        case .int64(let value): return value
        case .null: return nil
        case .blob, .string, .double: throw UnexpectedValue()
        }
    }

    func blob(_ index: Int) throws(UnexpectedValue) -> Data {
        guard let value = try blobIfPresent(index) else { throw UnexpectedValue() }
        return value
    }

    func blobIfPresent(_ index: Int) throws(UnexpectedValue) -> Data? {
        switch (self[index] as DatabaseValue).storage {
        case .blob(let value): return value
        case .null: return nil
        case .string, .int64, .double: throw UnexpectedValue()
        }
    }

    /// One of the texts of an enumeration.
    func value<Value: RawRepresentable<String>>(_ index: Int) throws(UnexpectedValue) -> Value {
        guard let value = Value(rawValue: try text(index)) else { throw UnexpectedValue() }
        return value
    }

    /// A point in time.
    func time(_ index: Int) throws(UnexpectedValue) -> UnixTime { UnixTime(milliseconds: try integer(index)) }

    func timeIfPresent(_ index: Int) throws(UnexpectedValue) -> UnixTime? {
        try integerIfPresent(index).map(UnixTime.init(milliseconds:))
    }
}
