/// Bytes that are put together in memory of somebody else's, such as a piece of the stack.
///
/// An array would do as well, but for a program that lives for one call: the Swift runtime puts the type of arrays
/// together while the program runs, which costs more than the call.
package struct FixedBuffer {
    private let memory: UnsafeMutableRawBufferPointer
    private var count = 0
    /// Whether something had no room. What was put in then is incomplete.
    package private(set) var isOverfull = false

    /// Makes an empty buffer with room for as many bytes as the memory has.
    package init(_ memory: UnsafeMutableRawBufferPointer) {
        self.memory = memory
    }

    /// What was put in, valid as long as the memory is.
    package var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: memory[..<count])
    }

    /// Appends bytes.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard !isOverfull, bytes.count <= memory.count - count else {
            isOverfull = true
            return
        }
        UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: bytes)
        count += bytes.count
    }

    /// Appends a text's UTF-8.
    package mutating func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Appends a text's UTF-8.
    package mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    /// Appends a number's decimal digits.
    package mutating func append(_ number: UInt64) {
        if number >= 10 { append(number / 10) }
        withUnsafeBytes(of: ASCII.zero + UInt8(number % 10)) { append($0) }
    }
}
