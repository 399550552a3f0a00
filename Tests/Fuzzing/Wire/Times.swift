import FuzzSupport
import QuartileWire

/// Checks what the reader of times makes of a text, and that what is written reads.
func checkTime(_ input: [UInt8]) {
    guard input.count <= 64 else { return }
    if let time = WireTime(String(decoding: input, as: UTF8.self)) {
        expect((0..<1_000_000_000).contains(time.nanoseconds), "a fraction is less than a second")
        expect(time.isNaive == (time.epochSeconds == nil), "a time without a zone names no moment")
        if let moment = time.epochSeconds { checkMoment(moment) }
        checkMoment(time.readingSeconds)
    }
    // Any number at all can be written, be it out of range.
    checkMoment(Int64(truncatingIfNeeded: input.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }))
}

private func checkMoment(_ seconds: Int64) {
    let text = WireTime.format(epochSeconds: seconds)
    expect(text.utf8.count == 20 && text.utf8.last == UInt8(ascii: "Z"), "a time has 20 characters")
    let read = WireTime(text)?.epochSeconds
    let first: Int64 = -62_167_219_200
    let last: Int64 = 253_402_300_799
    expect(read == min(max(seconds, first), last), "a time reads as it was written")
}
