import QuartileCore
import QuartileWire

/// How long an answer asks its caller to stay away.
enum RetryAfter {
    /// The longest wait that is heeded. A quota can be gone for days, and a date can be years off by mistake: asked
    /// once an hour, the API is not burdened, and a mistake costs an hour, not an account.
    static let ceiling = Milliseconds.hours(1)

    /// What `answer` asks for, from 0 to ``ceiling``; nil where it says nothing that can be read.
    ///
    /// In order: `Retry-After` (RFC 9110, section 10.2.3), the reset of an exhausted `RateLimit`
    /// (draft-ietf-httpapi-ratelimit-headers, in the spellings of its versions), and the gateway's own words.
    static func read(_ answer: HTTPAnswer, message: String?, now: UnixTime) -> Milliseconds? {
        let wait =
            answer.header("Retry-After").flatMap { header($0, date: answer.header("Date"), now: now) }
            ?? rateLimitReset(answer)
            ?? message.flatMap(words)
        return wait.map { min(max($0, 0), ceiling) }
    }

    /// A date is measured against the answer's own `Date`, since our clock and the API's may differ.
    static func header(_ value: String, date: String?, now: UnixTime) -> Milliseconds? {
        if let seconds = seconds(value) { return seconds }
        guard let until = HTTPDate.read(value, now: now) else { return nil }
        return until - (date.flatMap { HTTPDate.read($0, now: now) } ?? now)
    }

    private static func rateLimitReset(_ answer: HTTPAnswer) -> Milliseconds? {
        for prefix in ["RateLimit", "X-RateLimit"] where answer.header("\(prefix)-Remaining").map(trimmed) == "0" {
            if let reset = answer.header("\(prefix)-Reset").flatMap(seconds) { return reset }
        }
        // `limit=10, remaining=0, reset=7` and `"default";r=0;t=7`
        guard let field = answer.header("RateLimit") else { return nil }
        let members = field.lowercased().split { ";, ".contains($0) }
        let value = { (names: [Substring]) in
            members.map { $0.split(separator: "=", maxSplits: 1) }
                .first { $0.count == 2 && names.contains($0[0]) }
                .map { String($0[1]) }
        }
        guard value(["remaining", "r"]) == "0" else { return nil }
        return value(["reset", "t"]).flatMap(seconds)
    }

    /// `Try again in 7 seconds.` and `Quota will be replenished in 00:12:34.`, which may count days: `1.02:03:04`.
    static func words(_ message: String) -> Milliseconds? {
        let words = message.lowercased().split(separator: " ")
        for (index, word) in words.enumerated() where word == "in" && index + 1 < words.count {
            let number = words[index + 1].trimming { ".,;".contains($0) }
            if let span = clock(number) { return span }
            if index + 2 < words.count, words[index + 2].hasPrefix("second") { return seconds(String(number)) }
        }
        return nil
    }

    private static func clock(_ text: Substring) -> Milliseconds? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        let hours = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let numbers = (hours + parts[1...]).map { (1...6).contains($0.utf8.count) ? Int64(String($0)) : nil }
        guard (3...4).contains(numbers.count), numbers.allSatisfy({ $0.map { $0 >= 0 } ?? false }) else { return nil }
        let values = numbers.compactMap { $0 }
        let days = values.count == 4 ? values[0] : 0
        return .seconds(
            ((days * 24 + values[values.count - 3]) * 60 + values[values.count - 2]) * 60 + values[values.count - 1]
        )
    }

    /// Seconds, or what is longer than any ceiling where the number is.
    private static func seconds(_ text: String) -> Milliseconds? {
        let digits = trimmed(text)
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return digits.utf8.count > 9 ? .hours(24 * 365) : Int64(digits).map(Milliseconds.seconds)
    }

    private static func trimmed(_ text: String) -> String { String(text[...].trimming { $0 == " " || $0 == "\t" }) }
}

extension Substring {
    fileprivate func trimming(_ unwanted: (Character) -> Bool) -> Substring {
        var rest = self
        while let first = rest.first, unwanted(first) { rest.removeFirst() }
        while let last = rest.last, unwanted(last) { rest.removeLast() }
        return rest
    }
}
