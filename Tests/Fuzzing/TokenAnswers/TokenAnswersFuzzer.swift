import FuzzSupport
import QuartileCore
import QuartileWire

@testable import QuartileDaemon

/// Takes an input for what the upstream API answered: what libFuzzer calls (its documentation, "Fuzz Target").
@_cdecl("LLVMFuzzerTestOneInput")
public func checkTokenAnswers(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    check(start, count) { input in
        let answer = HTTPAnswer(input)
        checkTokenSet(answer.body)
        checkVerdict(on: answer)
        checkWait(answer)
        for (_, value) in answer.headers { checkDate(value) }
        // Whatever it is, it may also stand where a token or a message does.
        checkTimes(in: Secret(bytes: input))
        checkQuote(String(decoding: input, as: UTF8.self))
    }
}

/// The time at which all of it happens, so that an input which failed once fails again: 2026-11-25, 10:00 UTC.
let now = UnixTime(seconds: 1_795_600_800)

extension HTTPAnswer {
    /// Reads a status and headers, one a line, and after an empty line the body; what is nothing of the kind is the
    /// body of a success.
    fileprivate init(_ input: [UInt8]) {
        self.init(status: 201, body: input)
        guard let end = input.firstRange(of: Array("\n\n".utf8)) else { return }
        let lines = input[..<end.lowerBound].split(separator: UInt8(ascii: "\n")).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard let status = lines.first.flatMap({ Int($0) }), (100...599).contains(status) else { return }
        self.init(status: status, body: Array(input[end.upperBound...]))
        headers = lines.dropFirst().compactMap { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return parts.count == 2 ? (name: String(parts[0]), value: String(parts[1].drop { $0 == " " })) : nil
        }
    }
}
