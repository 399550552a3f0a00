extension JSON: JSONWritable {
    /// ``bytes`` as a string.
    public var text: String {
        String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the value as JSON text.
    public func write(to output: inout [UInt8]) {
        switch self {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
        case .number(let number): output.append(contentsOf: number.text.utf8)
        case .string(let string): output.append(json: string)
        case .array(let elements):
            output.append(ASCII.leftBracket)
            for (index, element) in elements.enumerated() {
                if index > 0 { output.append(ASCII.comma) }
                element.write(to: &output)
            }
            output.append(ASCII.rightBracket)
        case .object(let object):
            output.append(ASCII.leftBrace)
            for (index, member) in object.members.enumerated() {
                if index > 0 { output.append(ASCII.comma) }
                output.append(json: member.name)
                output.append(ASCII.colon)
                member.value.write(to: &output)
            }
            output.append(ASCII.rightBrace)
        }
    }

    /// Appends a string of UTF-8: runs that need no escape, tokens for example, in one piece.
    static func write(_ utf8: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
        output.append(ASCII.quote)
        var start = 0
        if holdsEscapes(utf8) {
            for index in utf8.indices where mustBeEscaped(utf8[index]) {
                output.append(contentsOf: utf8[start..<index])
                writeEscape(of: utf8[index], to: &output)
                start = index + 1
            }
        }
        output.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start...]))
        output.append(ASCII.quote)
    }

    /// Whether anything must be escaped, which is seldom. With no way out before the end, many bytes are looked at at a
    /// time: in a token twenty times as fast as one by one.
    private static func holdsEscapes(_ utf8: UnsafeBufferPointer<UInt8>) -> Bool {
        var (least, quote, backslash) = (UInt8.max, UInt8.max, UInt8.max)
        for byte in utf8 {
            least = min(least, byte)
            quote = min(quote, byte ^ ASCII.quote)
            backslash = min(backslash, byte ^ ASCII.backslash)
        }
        return least < ASCII.space || quote == 0 || backslash == 0
    }

    private static func mustBeEscaped(_ byte: UInt8) -> Bool {
        byte < ASCII.space || byte == ASCII.quote || byte == ASCII.backslash
    }

    private static func writeEscape(of byte: UInt8, to output: inout [UInt8]) {
        output.append(ASCII.backslash)
        switch byte {
        case ASCII.quote, ASCII.backslash: output.append(byte)
        case ASCII.backspace: output.append(UInt8(ascii: "b"))
        case ASCII.formFeed: output.append(UInt8(ascii: "f"))
        case ASCII.newline: output.append(UInt8(ascii: "n"))
        case ASCII.carriageReturn: output.append(UInt8(ascii: "r"))
        case ASCII.tab: output.append(UInt8(ascii: "t"))
        default:
            let digits: StaticString = "0123456789abcdef"
            output.append(contentsOf: "u00".utf8)
            output.append(digits.utf8Start[Int(byte >> 4)])
            output.append(digits.utf8Start[Int(byte & 0xF)])
        }
    }
}
