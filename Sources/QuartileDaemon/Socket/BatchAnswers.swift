import QuartileWire

/// Gathers the answers to a batch until all are there: they leave as one array, in the order of the requests.
///
/// Confined to the event loop of its connection.
final class BatchAnswers {
    private var answers: [[UInt8]?]
    private var outstanding: Int
    private var byteCount = 0
    private let maximumByteCount: Int

    /// Waits for `count` entries. Beyond `maximumByteCount` answers are dropped, since a client can make each as long as
    /// our longest.
    init(count: Int, maximumByteCount: Int) {
        answers = Array(repeating: nil, count: count)
        outstanding = count
        self.maximumByteCount = maximumByteCount
    }

    /// Whether the answers have grown too large, so that what has not begun need not begin.
    var isOverflowing: Bool { byteCount > maximumByteCount }

    /// Takes the answer to the entry at `index`, nil for a notification or an entry that was left out.
    /// Returns whether that was the last.
    func take(_ answer: [UInt8]?, at index: Int) -> Bool {
        outstanding -= 1
        if let answer, !isOverflowing {
            byteCount += answer.count
            answers[index] = answer
            if isOverflowing { answers = [] }
        }
        return outstanding == 0
    }

    /// The one answer that they make together, or nil if there is nothing to answer.
    func joined() -> [UInt8]? {
        if isOverflowing {
            let message = "the answers to this batch are larger than \(maximumByteCount) bytes; send smaller batches"
            return Response(id: .null, error: WireError(.overloaded, message)).bytes
        }
        let present = answers.compactMap(\.self)
        guard !present.isEmpty else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount + present.count + 1)
        bytes.append(UInt8(ascii: "["))
        bytes.append(contentsOf: present.joined(separator: CollectionOfOne(UInt8(ascii: ","))))
        bytes.append(UInt8(ascii: "]"))
        return bytes
    }
}
