/// A token, password or key. The only type that these travel in.
///
/// It describes itself as `<redacted>` to every printing, logging, reflecting or interpolating reader, and its bytes are
/// overwritten when the last copy is dropped. Text taken out with `reveal()` is an ordinary `String`, which Swift can't
/// wipe: take it as late and keep it as briefly as possible.
public struct Secret: Sendable {
    private let storage: Storage

    /// A secret that holds the UTF-8 of `text`.
    public init(_ text: String) { storage = Storage(text.utf8) }

    /// A secret that holds `bytes`.
    public init(bytes: some Collection<UInt8>) { storage = Storage(bytes) }

    /// How many bytes it holds.
    public var count: Int { storage.bytes.count }

    /// Whether it holds nothing.
    public var isEmpty: Bool { storage.bytes.isEmpty }

    /// The text itself; invalid UTF-8 is repaired as `String(decoding:as:)` does.
    public func reveal() -> String { String(decoding: storage.bytes, as: UTF8.self) }

    /// Lends the bytes for the length of one call; they must not be kept.
    public func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(storage.bytes))
    }

    private final class Storage: Sendable {
        // Written in init and deinit only, when no second reference exists, so sharing it between threads is a
        // sharing of constants.
        nonisolated(unsafe) let bytes: UnsafeMutableBufferPointer<UInt8>

        init(_ source: some Collection<UInt8>) {
            bytes = .allocate(capacity: source.count)
            _ = bytes.initialize(fromContentsOf: source)
        }

        deinit {
            overwrite(bytes)
            bytes.deallocate()
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
        guard a.count == b.count else { return false }
        var difference: UInt8 = 0
        for index in 0..<a.count { difference |= a.storage.bytes[index] ^ b.storage.bytes[index] }
        return difference == 0
    }

    /// By the bytes.
    public func hash(into hasher: inout Hasher) { hasher.combine(bytes: UnsafeRawBufferPointer(storage.bytes)) }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always `<redacted>`.
    public var description: String { "<redacted>" }
    /// Always `<redacted>`.
    public var debugDescription: String { "<redacted>" }
    /// Shows nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
