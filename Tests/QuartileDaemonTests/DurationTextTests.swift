import QuartileCore
import Testing

@testable import QuartileDaemon

@Suite struct DurationTextTests {
    @Test(arguments: [
        ("90s", 90), ("15m", 900), ("1h", 3_600), ("2d", 172_800), ("30", 30), ("0", 0), ("007s", 7),
        ("106751991167d", 9_223_372_036_828_800),
    ])
    func readsWholeNumbersWithAUnit(text: String, seconds: Int64) {
        #expect(DurationText.parse(text) == .seconds(seconds))
    }

    @Test(arguments: [
        "", "s", "h", "-1s", "+1s", "1.5h", "1 h", " 1h", "1h ", "1h30m", "1H", "1w", "1ms", "1hh", "soon", "٣s",
        "0x10",
        "9223372036854775807", "9223372036854775808", "9999999999999999999999d", "106751991168d",
    ])
    func refusesWhatIsNoDuration(text: String) {
        #expect(DurationText.parse(text) == nil)
    }
}
