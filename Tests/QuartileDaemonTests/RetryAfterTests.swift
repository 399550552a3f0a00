import QuartileCore
import Testing

@testable import QuartileDaemon

@Suite struct RetryAfterTests {
    private static let now = UnixTime(seconds: 784_111_777)  // 1994-11-06T08:49:37Z

    @Test(
        arguments: [
            ("7", 7), ("0", 0), (" 30 ", 30), ("3600", 3600), ("3601", 3600), ("86400", 3600),
            ("99999999999999999999", 3600), ("-5", nil), ("1.5", nil), ("soon", nil), ("", nil), ("7s", nil),
        ] as [(String, Int64?)]
    )
    func `seconds are heeded, up to an hour`(_ value: String, _ seconds: Int64?) {
        let answer = HTTPAnswer(status: 429, headers: [("retry-after", value)])
        #expect(RetryAfter.read(answer, message: nil, now: Self.now) == seconds.map(Milliseconds.seconds))
    }

    @Test(
        arguments: [
            ("Sun, 06 Nov 1994 08:50:07 GMT", 30), ("Sunday, 06-Nov-94 08:50:07 GMT", 30),
            ("Sun Nov  6 08:50:07 1994", 30),
            ("Sun, 06 Nov 1994 08:49:07 GMT", 0), ("Mon, 07 Nov 1994 08:49:37 GMT", 3600),
            ("Sun, 06 Nov 1994 25:49:37 GMT", nil), ("Sun, 31 Feb 1994 08:49:37 GMT", nil),
            ("Sun, 06 Foo 1994 08:49:37 GMT", nil),
        ] as [(String, Int64?)]
    )
    func `a date is measured against our clock where the answer has no date`(_ value: String, _ seconds: Int64?) {
        let answer = HTTPAnswer(status: 429, headers: [("Retry-After", value)])
        #expect(RetryAfter.read(answer, message: nil, now: Self.now) == seconds.map(Milliseconds.seconds))
    }

    @Test func `a date is measured against the answer's own`() {
        let headers = [("Retry-After", "Sun, 06 Nov 1994 09:00:10 GMT"), ("Date", "Sun, 06 Nov 1994 09:00:00 GMT")]
        let answer = HTTPAnswer(status: 503, headers: headers)
        for skew in [-600, 0, 600, 86_400] as [Int64] {
            #expect(RetryAfter.read(answer, message: nil, now: Self.now + .seconds(skew)) == .seconds(10))
        }
    }

    @Test(
        arguments: [
            ("Rate limit is exceeded. Try again in 7 seconds.", 7), ("try again in 1 second", 1),
            ("Out of call volume quota. Quota will be replenished in 00:12:34.", 754),
            ("Quota will be replenished in 1.00:00:00", 3600), ("Try again in 90000 seconds.", 3600),
            ("Try again in a while.", nil), ("in", nil), ("Quota will be replenished in 00:12", nil),
            ("Quota will be replenished in x:y:z", nil), ("Try again in -7 seconds", nil), ("", nil),
        ] as [(String, Int64?)]
    )
    func `the gateway's words are heeded where it sends no header`(_ message: String, _ seconds: Int64?) {
        let answer = HTTPAnswer(status: 429)
        #expect(RetryAfter.read(answer, message: message, now: Self.now) == seconds.map(Milliseconds.seconds))
        let both = HTTPAnswer(status: 429, headers: [("Retry-After", "2")])
        #expect(RetryAfter.read(both, message: message, now: Self.now) == .seconds(2))
    }

    @Test(
        arguments: [
            ([("RateLimit-Remaining", "0"), ("RateLimit-Reset", "9")], 9),
            ([("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "9")], 9),
            ([("RateLimit-Remaining", "3"), ("RateLimit-Reset", "9")], nil), ([("RateLimit-Reset", "9")], nil),
            ([("RateLimit", "limit=100, remaining=0, reset=9")], 9),
            ([("RateLimit", "limit=100, remaining=5, reset=9")], nil),
            ([("RateLimit", "\"default\";r=0;t=9")], 9), ([("RateLimit", "garbage=;,=")], nil),
            ([("RateLimit", "\"default\";r=0;t=9"), ("Retry-After", "4")], 4),
        ] as [([(String, String)], Int64?)]
    )
    func `an exhausted rate limit is heeded until its reset`(_ headers: [(String, String)], _ seconds: Int64?) {
        let answer = HTTPAnswer(status: 429, headers: headers)
        #expect(RetryAfter.read(answer, message: nil, now: Self.now) == seconds.map(Milliseconds.seconds))
    }

    @Test(arguments: [
        ("Wednesday, 01-Jan-25 00:00:00 GMT", 1_735_689_600), ("Friday, 01-Jan-99 00:00:00 GMT", 915_148_800),
    ])
    func `a year of two digits is the nearest that is not 50 years ahead`(_ text: String, _ seconds: Int64) {
        #expect(HTTPDate.read(text, now: UnixTime(seconds: 1_735_000_000)) == UnixTime(seconds: seconds))
    }
}
