import QuartileWire
import Testing

/// The reason why `text` is refused, or nil if it is taken.
private func refusal(_ text: String) -> JSONError.Reason? {
    refusal(Array(text.utf8))
}

private func refusal(_ bytes: [UInt8]) -> JSONError.Reason? {
    do throws(JSONError) {
        _ = try JSON.parse(bytes)
        return nil
    } catch {
        return error.reason
    }
}

private func parse(_ text: String) throws -> JSON {
    try JSON.parse(text.utf8)
}

@Suite struct `JSON reader of values` {
    @Test(
        arguments: [("null", JSON.null), ("true", true), ("false", false), ("\"\"", ""), ("[]", []), ("{}", [:])]
            as [(String, JSON)]
    )
    func `reads each kind`(text: String, expected: JSON) throws {
        #expect(try parse(text) == expected)
    }

    @Test func `keeps the order of an object's members`() throws {
        let object = try #require(try parse(#"{"b":1,"a":2}"#).object)
        #expect(object.members.map(\.name) == ["b", "a"])
    }

    @Test func `finds the last of duplicate members`() throws {
        #expect(try parse(#"{"a":1,"b":2,"a":3}"#).object?["a"] == 3)
    }

    @Test func `keeps the order of an array's elements`() throws {
        #expect(try parse("[1,[2],{}]") == [1, [2], [:]])
    }

    @Test func `skips white space wherever the grammar has it`() throws {
        #expect(try parse(" \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : null } \n") == ["a": [1, 2], "b": .null])
    }

    @Test func `reads from raw memory`() throws {
        let bytes = Array("[1]".utf8)
        #expect(try bytes.withUnsafeBytes { memory throws(JSONError) in try JSON.parse(memory) } == [1])
    }

    @Test func `reads from a sequence that is not contiguous`() throws {
        #expect(try JSON.parse(AnySequence("[true]".utf8)) == [true])
    }
}

@Suite struct `JSON reader of strings` {
    @Test func `reads plain ASCII`() throws {
        #expect(try parse(#""The quick brown fox ~!@#$%^&*()""#).string == "The quick brown fox ~!@#$%^&*()")
    }

    @Test func `reads UTF-8 as it stands`() throws {
        #expect(try parse("\"Zürich 東京 🗝\"").string == "Zürich 東京 🗝")
    }

    @Test func `reads each short escape`() throws {
        #expect(try parse(#""\"\\\/\b\f\n\r\t""#).string == "\"\\/\u{8}\u{C}\n\r\t")
    }

    @Test func `reads an escape between plain text and UTF-8`() throws {
        #expect(try parse(#""é\né\n""#).string == "é\né\n")
    }

    @Test(arguments: [(#""\u0041""#, "A"), (#""\u00e9""#, "é"), (#""\u00E9""#, "é"), (#""\u0000""#, "\0")])
    func `reads a four-digit escape`(text: String, expected: String) throws {
        #expect(try parse(text).string == expected)
    }

    @Test func `reads a surrogate pair as one character`() throws {
        #expect(try parse(#""\uD83D\uDDDD""#).string == "🗝")
    }

    @Test(arguments: [
        #""\uD800""#, #""\uDC00""#, #""\uD800\u0041""#, #""\uD800\n""#, #""\uD800x""#, #""\uD800\uD800""#,
    ])
    func `refuses half of a surrogate pair`(text: String) {
        #expect(refusal(text) == .loneSurrogate)
    }

    @Test(arguments: [#""\x""#, #""\u12G4""#, #""\u+123""#, #""\U0041""#, "\"\\\n\""])
    func `refuses an escape that JSON does not have`(text: String) {
        #expect(refusal(text) == .malformedEscape)
    }

    @Test(arguments: 0..<UInt8(0x20))
    func `refuses a control character`(byte: UInt8) {
        #expect(refusal([0x22, byte, 0x22]) == .controlCharacter)
    }

    @Test(arguments: 0..<UInt8(0x20))
    func `refuses a control character after an escape`(byte: UInt8) {
        #expect(refusal([0x22, 0x5C, 0x6E, byte, 0x22]) == .controlCharacter)
    }

    @Test(
        arguments: [
            [0x80], [0xC3], [0xC3, 0x28], [0xC0, 0xAF], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80],
            [0xF0, 0x80, 0x80, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFE], [0xFF],
        ] as [[UInt8]]
    )
    func `refuses what is not UTF-8`(bytes: [UInt8]) {
        #expect(refusal([0x22] + bytes + [0x22]) == .invalidUTF8)
        #expect(refusal([0x22, 0x5C, 0x6E] + bytes + [0x22]) == .invalidUTF8)
    }

    @Test(arguments: ["\"", "\"a", "\"a\\", "\"\\u", "\"\\u12", "\"\\n"])
    func `refuses a string that does not end`(text: String) {
        #expect(refusal(text) == .unexpectedEnd)
    }
}

@Suite struct `JSON reader of numbers` {
    @Test(arguments: [
        "0", "-0", "7", "-12", "0.5", "1.50", "1e5", "1E+5", "1e-5", "-1.25E-10", "123456789012345678901",
    ])
    func `keeps a number's text`(text: String) throws {
        guard case .number(let number) = try parse(text) else {
            Issue.record("not a number")
            return
        }
        #expect(number.text == text)
    }

    @Test(arguments: [
        "-", "01x", "1.", "1.x", ".5", "1e", "1e+", "+1", "-x", "1.e5", "0x10", "NaN", "-Infinity", "1_000",
    ])
    func `refuses what the grammar does not have`(text: String) {
        #expect(refusal(text) != nil)
    }

    @Test func `refuses a leading zero`() {
        #expect(refusal("012") == .trailingBytes)
        #expect(refusal("[-012]") == .unexpectedByte)
    }

    @Test(arguments: [
        ("0", Int64(0)), ("-0", 0), ("9223372036854775807", .max), ("-9223372036854775808", .min),
        ("9223372036854775808", nil), ("1.0", nil), ("1e2", nil),
    ])
    func `gives whole numbers that fit`(text: String, expected: Int64?) throws {
        #expect(try parse(text).int64 == expected)
    }

    @Test(
        arguments: [
            ("0.5", 0.5), ("1e3", 1000), ("-2", -2), ("1e400", nil), ("-1e400", nil), ("1e-400", 0),
        ] as [(String, Double?)]
    )
    func `gives finite doubles`(text: String, expected: Double?) throws {
        #expect(try parse(text).double == expected)
    }

    @Test func `reads a number as long as a line`() throws {
        let text = String(repeating: "9", count: 60_000)
        #expect(try parse(text).int64 == nil)
        #expect(try parse(text).double == nil)
    }
}

@Suite struct `JSON reader on hostile input` {
    @Test(arguments: ["", " ", "\r\n\t "])
    func `refuses an empty text`(text: String) {
        #expect(refusal(text) == .unexpectedEnd)
    }

    @Test(arguments: ["1 2", "{} {}", "[],", "nullx", "true false", "\"a\"\"b\""])
    func `refuses more than one value`(text: String) {
        #expect(refusal(text) == .trailingBytes)
    }

    @Test(arguments: ["nul", "tru", "fals", "[", "[1", "[1,", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,"])
    func `refuses a text that stops short`(text: String) {
        #expect(refusal(text) == .unexpectedEnd)
    }

    @Test(arguments: [
        "nulL", "True", "'a'", "[1,]", "[,1]", "[1 2]", "{,}", "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\" 1}", "{\"a\"=1}",
        "]", "}", "[}", "{]", "//", "/**/1", "undefined", "\u{FEFF}1", "\u{A0}1", "\0", "[1\0]",
    ])
    func `refuses what is not in its place`(text: String) {
        #expect(refusal(text) == .unexpectedByte)
    }

    @Test func `takes nesting up to the limit`() throws {
        let depth = JSON.maximumDepth
        let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        #expect(refusal(text) == nil)
    }

    @Test(arguments: ["[", "{\"a\":", "[{\"a\":"])
    func `refuses deeper nesting however deep it is`(opening: String) {
        #expect(refusal(String(repeating: opening, count: 100_000)) == .tooDeep)
    }

    @Test(arguments: 0...UInt8.max)
    func `survives any single byte`(byte: UInt8) {
        #expect((refusal([byte]) == nil) == (0x30...0x39).contains(byte))
    }

    @Test func `survives every prefix of a message`() {
        let text = Array(
            #"{"jsonrpc":"2.0","id":-1.5e3,"method":"é\u00e9\ud83d\uddDd","params":[null,true,false,{}]}"#.utf8
        )
        for length in 0..<text.count {
            #expect(refusal(Array(text[..<length])) != nil, "prefix of \(length) bytes")
        }
        #expect(refusal(text) == nil)
    }

    @Test func `survives every change of one byte of a message`() {
        let text = Array(#"{"id":-1.5e3,"m":"é\u00e9\ud83d\uddDd","p":[null,true,{}]}"#.utf8)
        var taken = 0
        var changedBack: [[UInt8]] = []
        for index in text.indices {
            for byte in 0...UInt8.max {
                var changed = text
                changed[index] = byte
                guard let json = try? JSON.parse(changed) else { continue }  // Refused is as good.
                taken += 1
                if (try? JSON.parse(json.bytes)) != json { changedBack.append(changed) }
            }
        }
        #expect(taken > text.count)
        #expect(changedBack == [])
    }

    @Test func `survives random bytes`() {
        var random = SplitMix64(state: 2)
        let alphabet = Array("{}[]\":,\\u0123456789eE+-.tfn \"\\dD8".utf8) + [0x80, 0xC3, 0xED, 0xFF, 0, 0x0A]
        var changedBack: [[UInt8]] = []
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...24, using: &random)).map { _ in
                alphabet.randomElement(using: &random) ?? 0
            }
            guard let json = try? JSON.parse(bytes) else { continue }  // Refused is as good.
            if (try? JSON.parse(json.bytes)) != json { changedBack.append(bytes) }
        }
        #expect(changedBack == [])
    }

    @Test func `says where it stopped`() {
        #expect(throws: JSONError(.unexpectedByte, offset: 5)) { try JSON.parse("[1, 2x]".utf8) }
        #expect(throws: JSONError(.invalidUTF8, offset: 3)) { try JSON.parse([0x22, 0x61, 0x62, 0xFF, 0x22]) }
    }

    @Test func `never quotes the text in its error`() {
        #expect(throws: JSONError.self) { try JSON.parse("hunter2".utf8) }
        #expect("\(JSONError(.unexpectedByte, offset: 3))" == "unexpected byte at offset 3")
    }
}

/// A small generator with a seed (Steele, Lea and Flood 2014), so that a failure can be repeated.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
