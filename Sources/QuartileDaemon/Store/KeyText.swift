import FoundationEssentials
import Glibc
import QuartileCore

/// A key as text: the base64 (RFC 4648, section 4) of 32 bytes and at most one newline.
enum KeyText {
    /// How many bytes a key has.
    static let keyLength = 32
    /// The longest text that holds a key, in bytes.
    static let maximumLength = 45
    /// What a text must be, to go on after "which is".
    static let words = "the base64 of \(keyLength) bytes on one line"

    /// The key that `text` holds; nil where it holds none.
    static func key(in text: Data) -> Secret? {
        var line = text
        if line.last == UInt8(ascii: "\n") { line.removeLast() }
        defer { line.resetBytes(in: line.startIndex..<line.endIndex) }
        guard line.count == 44, var bytes = Data(base64Encoded: line), bytes.count == keyLength else { return nil }
        defer { bytes.resetBytes(in: 0..<bytes.count) }
        return Secret(bytes: bytes)
    }

    /// The key that an open file holds; nil where it holds none.
    static func read(from file: CInt) throws(Errno) -> Secret? {
        // One byte more than a key with its newline, so that a longer file is seen to be one.
        var text = Data(count: maximumLength + 1)
        defer { text.resetBytes(in: 0..<text.count) }
        let count = text.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
        guard count >= 0 else { throw .last }
        return key(in: text.prefix(count))
    }

    /// The text of a key, with a newline. Whoever takes it wipes it.
    static func text(of key: Secret) -> Data {
        var bytes = key.withBytes { Data($0) }
        defer { bytes.resetBytes(in: 0..<bytes.count) }
        var encoded = bytes.base64EncodedData()
        defer { encoded.resetBytes(in: 0..<encoded.count) }
        return encoded + [UInt8(ascii: "\n")]
    }

    /// A new random key.
    static func makeKey() -> Secret {
        var generator = SystemRandomNumberGenerator()
        var bytes = Data(count: keyLength)
        defer { bytes.resetBytes(in: 0..<bytes.count) }
        for index in bytes.indices { bytes[index] = .random(in: .min ... .max, using: &generator) }
        return Secret(bytes: bytes)
    }
}
