import Testing

@testable import quartile_sandbox

@Suite struct DurationTextTests {
    @Test(arguments: [
        ("90s", 90), ("15m", 900), ("1h", 3600), ("2d", 172_800), ("7", 7), ("0.05s", 0.05), ("50ms", 0.05), ("0s", 0),
        ("1.5h", 5400),
    ])
    func readsDurations(text: String, seconds: Double) {
        #expect(DurationText.seconds(text) == seconds)
    }

    @Test(arguments: ["", "s", "-1s", "+1", "1w", "1 h", "1e3", "inf", "nan", "1.2.3s", "0x10", "٣s"])
    func refusesWhatIsNoDuration(text: String) {
        #expect(DurationText.seconds(text) == nil)
    }
}

@Suite struct LoopbackTests {
    @Test(arguments: ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
    func acceptsLoopback(host: String) {
        #expect(Loopback.contains(host))
    }

    @Test(arguments: ["0.0.0.0", "10.0.0.1", "::", "::2", "example.com", "localhost.example.com", "128.0.0.1", ""])
    func refusesTheRest(host: String) {
        #expect(!Loopback.contains(host))
    }
}

@Suite struct CivilTimeTests {
    private let moment = 1_654_880_928.125  // 2022-06-10 17:08:48.125 UTC

    @Test(arguments: [
        (TimeForm.naive, "2022-06-10T17:08:48"), (.zoned, "2022-06-10T17:08:48Z"),
        (.fractional, "2022-06-10T17:08:48.125000"), (.offset, "2022-06-10T19:08:48+02:00"),
    ])
    func writesEachForm(form: TimeForm, text: String) {
        #expect(CivilTime.stamp(moment, form) == text)
    }

    @Test func writesHTTPDates() {
        #expect(CivilTime.httpDate(moment) == "Fri, 10 Jun 2022 17:08:48 GMT")
    }
}
