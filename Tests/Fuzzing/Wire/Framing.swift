import FuzzSupport
import QuartileWire

/// Checks that a stream is cut into the same lines however it arrives, and that these are the lines; returns them,
/// what came after the last end of a line included.
func checkFraming(of stream: [UInt8]) -> [[UInt8]] {
    var chance = Chance(stream)
    for limit in [LineFramer.maximumLineLength, Int.random(in: 0...64, using: &chance)] {
        let expected = Framed(cutting: stream, limit: limit)
        expect(Framed(stream, limit: limit, pieces: { stream.count }) == expected, "framing what came in one piece")
        expect(Framed(stream, limit: limit, pieces: { 1 }) == expected, "framing what came byte by byte")
        let chunked = Framed(stream, limit: limit, pieces: { Int.random(in: 1...100, using: &chance) })
        expect(chunked == expected, "framing what came in pieces")
    }
    let framed = Framed(cutting: stream, limit: LineFramer.maximumLineLength)
    return framed.lines + [framed.remainder].compactMap(\.self)
}

/// What became of a stream.
private struct Framed: Equatable {
    var lines: [[UInt8]] = []
    var isOverlong = false
    var remainder: [UInt8]?

    /// By the framer that is tried, from pieces of lengths that `pieces` gives.
    init(_ stream: [UInt8], limit: Int, pieces: () -> Int) {
        var framer = LineFramer(maximumLength: limit)
        var rest = stream[...]
        while !rest.isEmpty {
            let piece = rest.prefix(pieces())
            rest = rest.dropFirst(piece.count)
            piece.withUnsafeBytes { framer.append($0) }
            take(from: &framer)
        }
        remainder = framer.takeRemainder()
        expect(framer.byteCount == 0, "nothing is left in the framer")
        expect(framer.next() == (isOverlong ? .overlong : nil), "after the end comes nothing new")
    }

    private mutating func take(from framer: inout LineFramer) {
        while let frame = framer.next() {
            switch frame {
            case .line(let line):
                expect(!isOverlong, "no line comes after one that is too long")
                lines.append(line)
            case .overlong:
                isOverlong = true
                expect(framer.byteCount == 0, "nothing is kept of a line that is too long")
                return
            }
        }
    }

    /// In the plainest way: cut at each end of a line.
    init(cutting stream: [UInt8], limit: Int) {
        var pieces = stream.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let last = pieces.removeLast()
        for piece in pieces {
            guard piece.count <= limit else {
                isOverlong = true
                return
            }
            lines.append(Framed.withoutReturn(piece))
        }
        isOverlong = last.count > limit
        if !last.isEmpty, !isOverlong { remainder = Framed.withoutReturn(last) }
    }

    private static func withoutReturn(_ line: ArraySlice<UInt8>) -> [UInt8] {
        Array(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
    }
}
