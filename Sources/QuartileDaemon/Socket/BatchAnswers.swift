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
    func take(_ response: Response?, at index: Int) -> Bool {
        outstanding -= 1
        if let response, !isOverflowing {
            let bytes = response.json.bytes
            byteCount += bytes.count
            answers[index] = bytes
            if isOverflowing { answers = [] }
        }
        return outstanding == 0
    }

    /// The one line, its `\n` included, or nil if there is nothing to answer.
    func line() -> [UInt8]? {
        if isOverflowing {
            let message = "the answers to this batch are larger than \(maximumByteCount) bytes; send smaller batches"
            return Response(id: .null, error: WireError(.overloaded, message)).line
        }
        let present = answers.compactMap(\.self)
        guard !present.isEmpty else { return nil }
        var line: [UInt8] = []
        line.reserveCapacity(byteCount + present.count + 2)
        line.append(UInt8(ascii: "["))
        line.append(contentsOf: present.joined(separator: CollectionOfOne(UInt8(ascii: ","))))
        line.append(UInt8(ascii: "]"))
        line.append(UInt8(ascii: "\n"))
        return line
    }
}
