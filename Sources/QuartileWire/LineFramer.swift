/// Cuts a stream of bytes into lines: feed what was read with ``append(_:)``, take lines with ``next()``.
///
/// Lines are taken one at a time, so a server may leave some in here while it is busy and stop reading meanwhile.
/// Each byte is looked at once, and copied once in and once out.
///
/// An empty line is a line like any other. JSON-RPC knows no empty message, so it is answered with a parse error.
public struct LineFramer: Sendable {
    /// The longest request line in bytes, without its `\n`: 64 KiB, as the protocol says. The longest sound request is
    /// an import of a token set with two tokens of a few KiB each.
    public static let maximumLineLength = 65_536

    /// What ``next()`` found.
    public enum Frame: Sendable, Hashable {
        /// A line without its `\n`, and without a `\r` before that.
        case line([UInt8])
        /// A line is longer than allowed. Where the next one begins is not looked for: the stream is of no more use.
        case overlong
    }

    private let maximumLength: Int
    private var buffer: [UInt8] = []
    /// Where the next line begins.
    private var start = 0
    /// Up to where no `\n` has been found.
    private var scanned = 0
    private var isOverlong = false

    /// Makes a framer for lines of at most `maximumLength` bytes.
    public init(maximumLength: Int = maximumLineLength) {
        self.maximumLength = maximumLength
    }

    /// Takes over bytes that were read. After an over-long line they are dropped.
    public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard !isOverlong else { return }
        // Done here and not for every line taken, so that many small lines in one read cost one move.
        if start > 0 {
            buffer.removeSubrange(..<start)
            scanned -= start
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next whole line, `overlong` (from then on always), or nil if there is none yet.
    public mutating func next() -> Frame? {
        if isOverlong { return .overlong }
        guard byteCount > 0 else { return nil }
        let end = endOfLine()
        guard (end ?? buffer.count) - start <= maximumLength else {
            isOverlong = true
            buffer = []
            (start, scanned) = (0, 0)
            return .overlong
        }
        guard let end else { return nil }
        let line = Self.withoutCarriageReturn(buffer[start..<end])
        start = end + 1
        scanned = start
        if start == buffer.count {
            // Kept for the next line, it would keep what the last ones held, and that may be a password.
            buffer = []
            (start, scanned) = (0, 0)
        }
        return .line(line)
    }

    /// What came after the last `\n`, for use when the stream has ended; nil if there is nothing.
    public mutating func takeRemainder() -> [UInt8]? {
        guard !isOverlong, hasUnfinishedLine, endOfLine() == nil, byteCount <= maximumLength else { return nil }
        defer {
            buffer = []
            (start, scanned) = (0, 0)
        }
        return Self.withoutCarriageReturn(buffer[start...])
    }

    /// Whether a line has begun that is not ended yet, which a server may give a time to end.
    public var hasUnfinishedLine: Bool {
        buffer.last.map { $0 != ASCII.newline } ?? false
    }

    /// How many bytes are held.
    public var byteCount: Int {
        buffer.count - start
    }

    private mutating func endOfLine() -> Int? {
        let found: Int? = buffer.withUnsafeBufferPointer { bytes in
            bytes[scanned...].firstIndex(of: ASCII.newline)
        }
        scanned = found ?? buffer.count
        return found
    }

    private static func withoutCarriageReturn(_ line: ArraySlice<UInt8>) -> [UInt8] {
        Array(line.last == ASCII.carriageReturn ? line.dropLast() : line)
    }
}
