/// A token, found where it lies in an answer, with no JSON value made.
///
/// Only in the plain form in which a daemon of this version writes it: these members in this order, ASCII without escapes.
/// Whatever is not plain is left to ``ServerMessage`` and ``WireToken``: a token that is degraded, an error, the answer of
/// another version. So every violation has one source, and what is found here means the same there.
package struct PlainToken {
    /// The secret itself, valid as long as the answer's memory is.
    package let accessToken: UnsafeRawBufferPointer
    /// The key to send beside it, likewise.
    package let subscriptionKey: UnsafeRawBufferPointer
    /// The name of the header to send the key in, likewise.
    package let subscriptionKeyHeader: UnsafeRawBufferPointer

    /// Reads the answer to the request with this id. Nil unless it is all there is, and plain.
    package init?(_ received: UnsafeRawBufferPointer, id: UInt64) {
        var rest = Rest(received)
        guard rest.skip(#"{"jsonrpc":"2.0","id":"#), rest.integer() == id,
            rest.skip(#","result":{"account":"#), rest.string() != nil,
            rest.skip(#","access_token":"#), let accessToken = rest.string(),
            rest.skip(#","token_type":"#), rest.string() != nil,
            rest.skip(#","expires_at":"#), rest.string() != nil,
            rest.skip(#","expires_at_epoch":"#), rest.integer() != nil,
            rest.skip(#","expires_in":"#), rest.integer() != nil,
            rest.skip(#","generation":"#), rest.integer() != nil,
            rest.skip(#","subscription_key":"#), let subscriptionKey = rest.string(),
            rest.skip(#","subscription_key_header":"#), let subscriptionKeyHeader = rest.string(),
            rest.skip("}}\n"), rest.isEmpty
        else { return nil }
        self.accessToken = accessToken
        self.subscriptionKey = subscriptionKey
        self.subscriptionKeyHeader = subscriptionKeyHeader
    }

    /// What is not read yet.
    private struct Rest {
        private let bytes: UnsafeRawBufferPointer
        private var position = 0

        init(_ bytes: UnsafeRawBufferPointer) {
            self.bytes = bytes
        }

        var isEmpty: Bool { position == bytes.count }

        /// Passes a text if that comes next.
        mutating func skip(_ text: StaticString) -> Bool {
            guard text.utf8CodeUnitCount <= bytes.count - position else { return false }
            for index in 0..<text.utf8CodeUnitCount where bytes[position + index] != text.utf8Start[index] {
                return false
            }
            position += text.utf8CodeUnitCount
            return true
        }

        /// The content of a string of ASCII without escapes.
        mutating func string() -> UnsafeRawBufferPointer? {
            guard skip("\"") else { return nil }
            let start = position
            while position < bytes.count {
                switch bytes[position] {
                case ASCII.quote:
                    position += 1
                    return UnsafeRawBufferPointer(rebasing: bytes[start..<position - 1])
                case ASCII.backslash: return nil
                case ASCII.space...0x7E: position += 1
                default: return nil
                }
            }
            return nil
        }

        /// A whole number of 1 to 18 digits: all of these fit.
        mutating func integer() -> UInt64? {
            let start = position
            var value: UInt64 = 0
            while position < bytes.count, ASCII.isDigit(bytes[position]), position - start < 18 {
                value = value * 10 + UInt64(bytes[position] - ASCII.zero)
                position += 1
            }
            let isPlain = position > start && (bytes[start] != ASCII.zero || position == start + 1)
            return isPlain ? value : nil
        }
    }
}
