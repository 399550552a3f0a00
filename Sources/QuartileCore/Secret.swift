/// A token, password or key. The only type that these travel in.
///
/// It describes itself as `<redacted>` to every printing, logging, reflecting or interpolating reader, and its bytes are
/// overwritten when the last copy is dropped. Text taken out with `reveal()` is an ordinary `String`, which Swift can't
/// wipe: take it as late and keep it as briefly as possible.
public struct Secret: Sendable {
    // Written in `init` and `deinit` only, when no second reference exists, so sharing it between threads is a sharing of
    // constants.
    nonisolated(unsafe) private let storage: ManagedBuffer<Int, UInt8>

    /// A secret that holds the UTF-8 of `text`.
    public init(_ text: String) { self.init(bytes: text.utf8) }

    /// A secret that holds `bytes`.
    public init(bytes: some Collection<UInt8>) {
        let count = bytes.count
        storage = Storage.create(minimumCapacity: count) { _ in count }
        storage.withUnsafeMutablePointerToElements {
            _ = UnsafeMutableBufferPointer(start: $0, count: count).initialize(fromContentsOf: bytes)
        }
    }

    /// How many bytes it holds.
    public var count: Int { storage.header }

    /// Whether it holds nothing.
    public var isEmpty: Bool { count == 0 }

    /// The text itself; invalid UTF-8 is repaired as `String(decoding:as:)` does.
    public func reveal() -> String { withBytes { String(decoding: $0, as: UTF8.self) } }

    /// Lends the bytes for the length of one call; they must not be kept.
    public func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try storage.withUnsafeMutablePointers { count, bytes throws(Failure) in
            try body(UnsafeRawBufferPointer(start: bytes, count: count.pointee))
        }
    }

    /// The count and, in the same piece of memory, the bytes: there are four of them for an account.
    private final class Storage: ManagedBuffer<Int, UInt8> {
        deinit {
            withUnsafeMutablePointers { count, bytes in
                overwrite(UnsafeMutableBufferPointer(start: bytes, count: count.pointee))
            }
        }
    }
}

// Without this the optimizer may see that memory about to be freed is never read again, and drop the writes.
@inline(never) @_optimize(none)
func overwrite(_ bytes: UnsafeMutableBufferPointer<UInt8>) {
    // Unoptimized as it is, a loop over indices would take longer than all else that happens to a token.
    guard var next = bytes.baseAddress else { return }
    let end = next + bytes.count
    while next < end {
        next.pointee = 0
        next += 1
    }
}

extension Secret: Hashable {
    /// Compares in a time that depends on the lengths alone.
    public static func == (a: Secret, b: Secret) -> Bool {
        a.withBytes { a in
            b.withBytes { b in
                guard a.count == b.count else { return false }
                var difference: UInt8 = 0
                for index in 0..<a.count { difference |= a[index] ^ b[index] }
                return difference == 0
            }
        }
    }

    /// By the bytes.
    public func hash(into hasher: inout Hasher) { withBytes { hasher.combine(bytes: $0) } }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always `<redacted>`.
    public var description: String { "<redacted>" }
    /// Always `<redacted>`.
    public var debugDescription: String { "<redacted>" }
    /// Shows nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
