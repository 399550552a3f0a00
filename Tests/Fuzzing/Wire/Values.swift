import FuzzSupport
import QuartileWire

/// Checks what the reader makes of any bytes, and what the writer makes of that; returns the value, if there is one.
func checkJSON(_ bytes: [UInt8]) -> JSON? {
    let outcome = read(bytes)
    let inMemory: Result<JSON, JSONError> = bytes.withUnsafeBytes { memory in
        Result { () throws(JSONError) in try JSON.parse(memory) }
    }
    expect(inMemory == outcome, "raw memory reads the same")
    expect(read(AnySequence(bytes)) == outcome, "a sequence reads the same")
    switch outcome {
    case .failure(let error):
        expect((0...bytes.count).contains(error.offset), "an error is inside the text")
        return nil
    case .success(let value):
        checkWriting(value, from: bytes)
        checkFrame(of: value, bytes)
        return value
    }
}

private func read(_ bytes: some Sequence<UInt8>) -> Result<JSON, JSONError> {
    Result { () throws(JSONError) in try JSON.parse(bytes) }
}

private func checkWriting(_ value: JSON, from bytes: [UInt8]) {
    let written = value.bytes
    expect(written.count <= bytes.count, "what is written is no longer than what was read")
    expect(written.allSatisfy { $0 >= 0x20 }, "a text is one line")
    expect(String(validating: written, as: UTF8.self) != nil, "a text is UTF-8")
    expect(value.line == written + [UInt8(ascii: "\n")], "a line is the text and its end")
    let again = require("what is written reads") { () throws(JSONError) in try JSON.parse(written) }
    expect(again == value, "what is written reads as what was written")
    // Strings that are equal may have different bytes (Unicode's canonical equivalence).
    expect(again.bytes == written, "what is written reads as what was written, byte by byte")
    expect(depth(of: value) <= JSON.maximumDepth, "nesting has a limit")
    expect("\(value)".utf8.count < 20, "a value's description does not grow with it")
}

/// White space around a value changes nothing, and without its last bytes an array, object or string is none.
private func checkFrame(of value: JSON, _ bytes: [UInt8]) {
    let around = Array(" \r\n".utf8) + bytes + Array("\t\n".utf8)
    expect(read(around) == .success(value), "white space around changes nothing")
    guard let last = bytes.last, "]}\"".utf8.contains(last) else { return }
    var chance = Chance(bytes)
    expect(value.kind != "number", "a number ends in a digit")
    let cut = bytes.prefix(Int.random(in: 0..<bytes.count, using: &chance))
    guard case .failure = read(cut) else { return expect(false, "half a value is none") }
    guard case .failure = read(bytes + [last]) else { return expect(false, "more than a value is none") }
}

private func depth(of value: JSON) -> Int {
    switch value {
    case .null, .bool, .number, .string: 0
    case .array(let elements): 1 + (elements.map(depth).max() ?? 0)
    case .object(let object): 1 + (object.members.map { depth(of: $0.value) }.max() ?? 0)
    }
}
