/// Gives `check` what libFuzzer made up, and what ``amplified(_:)`` makes of that. The result is what libFuzzer wants
/// to have returned.
public func check(_ start: UnsafePointer<UInt8>?, _ count: Int, _ check: ([UInt8]) -> Void) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    check(input)
    amplified(input).map(check)
    return 0
}

/// For one input in 1,024, the same input with a part of it repeated until there are 64 KiB: what is read must not take
/// more time or memory than that is worth, and libFuzzer's own inputs are small for long. For others nil.
func amplified(_ input: [UInt8]) -> [UInt8]? {
    var chance = Chance(input)
    guard !input.isEmpty, chance.next() % 1024 == 0 else { return nil }
    let start = Int.random(in: 0..<input.count, using: &chance)
    let part = input[start..<min(input.count, start + Int.random(in: 1...32, using: &chance))]
    let times = (65_536 - input.count) / part.count
    guard times > 1 else { return nil }
    var amplified = Array(input[..<start])
    for _ in 0..<times { amplified += part }
    return amplified + input[part.endIndex...]
}
