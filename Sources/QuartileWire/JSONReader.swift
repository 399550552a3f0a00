extension JSON {
    /// How deep arrays and objects may be nested.
    ///
    /// The reader recurses, so the depth of a hostile text must not decide how much stack is used. The deepest message
    /// of the protocol is 4 levels; 64 leaves room for what a token set from outside brings along.
    public static let maximumDepth = 64

    /// Reads one JSON text, strictly by RFC 8259: UTF-8 without a byte order mark, one value, white space around it.
    ///
    /// Any bytes at all may be given; the answer is a value or a ``JSONError``. Time and memory are linear in the input.
    public static func parse(_ bytes: some Sequence<UInt8>) throws(JSONError) -> JSON {
        // An array is not copied. Borrowing the memory of other sequences would take a generic type whose metadata costs
        // a short-lived program a search through all conformances it has.
        try JSONReader.read(Array(bytes).span)
    }

    /// Reads one JSON text from raw memory: see ``parse(_:)-(Sequence<UInt8>)``.
    public static func parse(_ bytes: UnsafeRawBufferPointer) throws(JSONError) -> JSON {
        try bytes.withMemoryRebound(to: UInt8.self) { buffer throws(JSONError) in try JSONReader.read(buffer.span) }
    }
}

/// A recursive descent over a span, whose subscript is checked, so that no input can make it read outside.
struct JSONReader {
    private var position = 0

    static func read(_ bytes: Span<UInt8>) throws(JSONError) -> JSON {
        var reader = JSONReader()
        reader.skipWhitespace(bytes)
        let value = try reader.value(bytes, depth: 0)
        reader.skipWhitespace(bytes)
        guard reader.position == bytes.count else { throw reader.error(.trailingBytes) }
        return value
    }

    private func error(_ reason: JSONError.Reason) -> JSONError {
        JSONError(reason, offset: position)
    }

    private mutating func skipWhitespace(_ bytes: Span<UInt8>) {
        while position < bytes.count {
            switch bytes[position] {
            case ASCII.space, ASCII.newline, ASCII.carriageReturn, ASCII.tab: position += 1
            default: return
            }
        }
    }

    private func peek(_ bytes: Span<UInt8>) throws(JSONError) -> UInt8 {
        guard position < bytes.count else { throw error(.unexpectedEnd) }
        return bytes[position]
    }

    private mutating func value(_ bytes: Span<UInt8>, depth: Int) throws(JSONError) -> JSON {
        switch try peek(bytes) {
        case ASCII.quote:
            position += 1
            return .string(try string(bytes))
        case ASCII.leftBrace:
            return .object(try object(bytes, depth: depth))
        case ASCII.leftBracket:
            return .array(try array(bytes, depth: depth))
        case ASCII.minus, ASCII.zero...ASCII.nine:
            return .number(try number(bytes))
        case UInt8(ascii: "t"):
            try word("true", bytes)
            return .bool(true)
        case UInt8(ascii: "f"):
            try word("false", bytes)
            return .bool(false)
        case UInt8(ascii: "n"):
            try word("null", bytes)
            return .null
        default:
            throw error(.unexpectedByte)
        }
    }

    private mutating func word(_ word: StaticString, _ bytes: Span<UInt8>) throws(JSONError) {
        for index in 0..<word.utf8CodeUnitCount {
            guard try peek(bytes) == word.utf8Start[index] else { throw error(.unexpectedByte) }
            position += 1
        }
    }

    private mutating func array(_ bytes: Span<UInt8>, depth: Int) throws(JSONError) -> [JSON] {
        guard depth < JSON.maximumDepth else { throw error(.tooDeep) }
        position += 1
        var elements: [JSON] = []
        skipWhitespace(bytes)
        if try peek(bytes) == ASCII.rightBracket {
            position += 1
            return elements
        }
        while true {
            skipWhitespace(bytes)
            elements.append(try value(bytes, depth: depth + 1))
            if try !goesOn(bytes, until: ASCII.rightBracket) { return elements }
        }
    }

    private mutating func object(_ bytes: Span<UInt8>, depth: Int) throws(JSONError) -> JSON.Object {
        guard depth < JSON.maximumDepth else { throw error(.tooDeep) }
        position += 1
        var object = JSON.Object()
        skipWhitespace(bytes)
        if try peek(bytes) == ASCII.rightBrace {
            position += 1
            return object
        }
        object.members.reserveCapacity(4)  // as many as a request has
        while true {
            skipWhitespace(bytes)
            guard try peek(bytes) == ASCII.quote else { throw error(.unexpectedByte) }
            position += 1
            let name = try string(bytes)
            skipWhitespace(bytes)
            guard try peek(bytes) == ASCII.colon else { throw error(.unexpectedByte) }
            position += 1
            skipWhitespace(bytes)
            object.append(name, try value(bytes, depth: depth + 1))
            if try !goesOn(bytes, until: ASCII.rightBrace) { return object }
        }
    }

    /// After an element: whether a comma says that another follows.
    private mutating func goesOn(_ bytes: Span<UInt8>, until close: UInt8) throws(JSONError) -> Bool {
        skipWhitespace(bytes)
        let byte = try peek(bytes)
        guard byte == ASCII.comma || byte == close else { throw error(.unexpectedByte) }
        position += 1
        return byte == ASCII.comma
    }

    private mutating func number(_ bytes: Span<UInt8>) throws(JSONError) -> JSON.Number {
        let start = position
        if bytes[position] == ASCII.minus { position += 1 }
        if position < bytes.count, bytes[position] == ASCII.zero {
            position += 1
        } else {
            try digits(bytes)
        }
        if position < bytes.count, bytes[position] == ASCII.dot {
            position += 1
            try digits(bytes)
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < bytes.count, bytes[position] == ASCII.plus || bytes[position] == ASCII.minus { position += 1 }
            try digits(bytes)
        }
        return JSON.Number(checked: try text(bytes, start..<position))
    }

    /// One digit or more.
    private mutating func digits(_ bytes: Span<UInt8>) throws(JSONError) {
        let start = position
        while position < bytes.count, ASCII.isDigit(bytes[position]) { position += 1 }
        guard position > start else { throw error(position < bytes.count ? .malformedNumber : .unexpectedEnd) }
    }

    private func text(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(JSONError) -> String {
        do throws(UTF8.ValidationError) {
            return String(copying: try UTF8Span(validating: bytes.extracting(range)))
        } catch {
            throw JSONError(.invalidUTF8, offset: range.lowerBound + error.byteOffsets.lowerBound)
        }
    }
}

// MARK: - Strings

extension JSONReader {
    /// The rest of a string whose opening quote has been read.
    private mutating func string(_ bytes: Span<UInt8>) throws(JSONError) -> String {
        let start = position
        while position < bytes.count {
            let byte = bytes[position]
            if byte == ASCII.quote {
                let string = try text(bytes, start..<position)
                position += 1
                return string
            }
            if byte == ASCII.backslash { return try escapedString(bytes, from: start) }
            guard byte >= ASCII.space else { throw error(.controlCharacter) }
            position += 1
        }
        throw error(.unexpectedEnd)
    }

    /// The slower way, for a string with an escape in it.
    private mutating func escapedString(_ bytes: Span<UInt8>, from start: Int) throws(JSONError) -> String {
        var content: [UInt8] = []
        content.reserveCapacity(2 * (position - start) + 16)
        for index in start..<position { content.append(bytes[index]) }
        while position < bytes.count {
            let byte = bytes[position]
            if byte == ASCII.quote {
                // Escapes give whole characters, so what is malformed stood in the text unescaped.
                guard let string = String(validating: content, as: UTF8.self) else {
                    throw JSONError(.invalidUTF8, offset: start)
                }
                position += 1
                return string
            }
            guard byte >= ASCII.space else { throw error(.controlCharacter) }
            position += 1
            if byte == ASCII.backslash {
                try escape(bytes, into: &content)
            } else {
                content.append(byte)
            }
        }
        throw error(.unexpectedEnd)
    }

    private mutating func escape(_ bytes: Span<UInt8>, into content: inout [UInt8]) throws(JSONError) {
        switch try peek(bytes) {
        case ASCII.quote: content.append(ASCII.quote)
        case ASCII.backslash: content.append(ASCII.backslash)
        case ASCII.slash: content.append(ASCII.slash)
        case UInt8(ascii: "b"): content.append(ASCII.backspace)
        case UInt8(ascii: "f"): content.append(ASCII.formFeed)
        case UInt8(ascii: "n"): content.append(ASCII.newline)
        case UInt8(ascii: "r"): content.append(ASCII.carriageReturn)
        case UInt8(ascii: "t"): content.append(ASCII.tab)
        case UInt8(ascii: "u"):
            position += 1
            content.append(contentsOf: String(Character(try unicodeEscape(bytes))).utf8)
            return
        default: throw error(.malformedEscape)
        }
        position += 1
    }

    /// What follows `\u`: four hexadecimal digits, or twice four with `\u` between them for a surrogate pair.
    private mutating func unicodeEscape(_ bytes: Span<UInt8>) throws(JSONError) -> Unicode.Scalar {
        let start = position
        let high = try fourHexDigits(bytes)
        if let scalar = Unicode.Scalar(high) { return scalar }
        guard high < 0xDC00, position + 1 < bytes.count, bytes[position] == ASCII.backslash,
            bytes[position + 1] == UInt8(ascii: "u")
        else { throw JSONError(.loneSurrogate, offset: start) }
        position += 2
        let low = try fourHexDigits(bytes)
        guard (0xDC00..<0xE000).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(high) - 0xD800) << 10 + (UInt32(low) - 0xDC00))
        else { throw JSONError(.loneSurrogate, offset: start) }
        return scalar
    }

    private mutating func fourHexDigits(_ bytes: Span<UInt8>) throws(JSONError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = ASCII.hexValue(try peek(bytes)) else { throw error(.malformedEscape) }
            value = value << 4 | UInt16(digit)
            position += 1
        }
        return value
    }
}
