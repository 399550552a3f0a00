import QuartileWire
import Testing

/// All frames that are there, at most up to the first over-long one.
private func frames(_ framer: inout LineFramer) -> [LineFramer.Frame] {
    var frames: [LineFramer.Frame] = []
    while let frame = framer.next() {
        frames.append(frame)
        if frame == .overlong { break }
    }
    return frames
}

private func lines(_ texts: String...) -> [LineFramer.Frame] {
    texts.map { .line(Array($0.utf8)) }
}

extension LineFramer {
    fileprivate mutating func append(_ bytes: some Sequence<UInt8>) {
        Array(bytes).withUnsafeBytes { append($0) }
    }
}

@Suite struct `Line framer` {
    private var framer = LineFramer(maximumLength: 8)

    @Test mutating func `has no line before it is fed`() {
        #expect(framer.next() == nil)
    }

    @Test mutating func `gives a line without its line feed`() {
        framer.append("abc\n".utf8)
        #expect(frames(&framer) == lines("abc"))
    }

    @Test mutating func `drops one carriage return before the line feed`() {
        framer.append("a\r\n\rb\r\r\n".utf8)
        #expect(frames(&framer) == lines("a", "\rb\r"))
    }

    @Test mutating func `gives several lines of one read in order`() {
        framer.append("a\nbb\nccc\nd".utf8)
        #expect(frames(&framer) == lines("a", "bb", "ccc"))
    }

    @Test mutating func `gives an empty line as one`() {
        framer.append("\n\r\n \n".utf8)
        #expect(frames(&framer) == lines("", "", " "))
    }

    @Test mutating func `puts a line together from single bytes`() {
        var found: [LineFramer.Frame] = []
        for byte in "ab\ncd\n".utf8 {
            framer.append(CollectionOfOne(byte))
            found += frames(&framer)
        }
        #expect(found == lines("ab", "cd"))
    }

    @Test mutating func `goes on with a line that was half there`() {
        framer.append("a\nb".utf8)
        #expect(frames(&framer) == lines("a"))
        framer.append("c\n".utf8)
        #expect(frames(&framer) == lines("bc"))
    }

    @Test mutating func `keeps lines that are not taken yet`() {
        framer.append("a\nb\n".utf8)
        #expect(framer.next() == .line([0x61]))
        framer.append("c\n".utf8)
        #expect(frames(&framer) == lines("b", "c"))
    }

    @Test mutating func `takes a line of the greatest length`() {
        framer.append("12345678\n".utf8)
        #expect(frames(&framer) == lines("12345678"))
    }

    @Test mutating func `refuses a longer line`() {
        framer.append("123456789\n".utf8)
        #expect(framer.next() == .overlong)
    }

    @Test mutating func `refuses a longer line before it has ended`() {
        framer.append("12345678".utf8)
        #expect(framer.next() == nil)
        framer.append("9".utf8)
        #expect(framer.next() == .overlong)
    }

    @Test mutating func `gives the lines before an over-long one`() {
        framer.append("a\n123456789".utf8)
        #expect(frames(&framer) == lines("a") + [.overlong])
    }

    @Test mutating func `stays over-long and holds nothing`() {
        framer.append("123456789".utf8)
        _ = framer.next()
        framer.append("a\n".utf8)
        #expect(framer.next() == .overlong)
        #expect(framer.byteCount == 0)
    }

    @Test mutating func `tells whether a line has begun`() {
        #expect(!framer.hasUnfinishedLine)
        framer.append("a".utf8)
        #expect(framer.hasUnfinishedLine)
        framer.append("\n".utf8)
        #expect(!framer.hasUnfinishedLine)
        framer.append("b\nc".utf8)
        #expect(framer.hasUnfinishedLine)
        _ = frames(&framer)
        #expect(framer.hasUnfinishedLine)
    }

    @Test mutating func `tells how much it holds`() {
        framer.append("a\nbcd".utf8)
        _ = framer.next()
        #expect(framer.byteCount == 3)
    }

    @Test mutating func `gives what is left when the stream ends`() {
        framer.append("a\nbc\r".utf8)
        #expect(framer.takeRemainder() == nil)
        _ = framer.next()
        #expect(framer.takeRemainder() == Array("bc".utf8))
        #expect(framer.takeRemainder() == nil)
        #expect(framer.next() == nil)
    }

    @Test mutating func `has nothing left after a whole line`() {
        framer.append("a\n".utf8)
        _ = framer.next()
        #expect(framer.takeRemainder() == nil)
    }

    @Test func `allows 64 KiB by itself`() {
        var framer = LineFramer()
        let longest = [UInt8](repeating: 0x61, count: 65_536)
        framer.append(longest + [0x0A])
        #expect(framer.next() == .line(longest))
        framer.append(longest + [0x61, 0x0A])
        #expect(framer.next() == .overlong)
    }

    @Test func `cuts any stream the same however it is split`() {
        var random = SplitMix64(state: 7)
        let stream = (0..<2_000).map { _ in UInt8.random(in: 0x08...0x10, using: &random) }
        var whole = LineFramer()
        whole.append(stream)
        let expected = frames(&whole)
        #expect(expected.count > 100)
        var split = LineFramer()
        var found: [LineFramer.Frame] = []
        var rest = stream[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 0...9, using: &random))
            rest = rest.dropFirst(piece.count)
            split.append(piece)
            if Bool.random(using: &random) { found += frames(&split) }
        }
        #expect(found + frames(&split) == expected)
    }
}
