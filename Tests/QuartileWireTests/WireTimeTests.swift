import QuartileWire
import Testing

@Suite struct `Times written` {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (1_795_600_800, "2026-11-25T10:00:00Z"), (-1, "1969-12-31T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"), (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"), (253_402_300_799, "9999-12-31T23:59:59Z"),
            (-62_167_219_200, "0000-01-01T00:00:00Z"), (2_147_483_648, "2038-01-19T03:14:08Z"),
        ] as [(Int64, String)]
    )
    func `gives RFC 3339 in UTC`(seconds: Int64, expected: String) {
        #expect(WireTime.format(epochSeconds: seconds) == expected)
        #expect(WireTime(expected)?.epochSeconds == seconds)
    }

    @Test func `stays inside the years that RFC 3339 has`() {
        #expect(WireTime.format(epochSeconds: .max) == "9999-12-31T23:59:59Z")
        #expect(WireTime.format(epochSeconds: .min) == "0000-01-01T00:00:00Z")
    }

    @Test func `reads back days all over 800 years`() {
        let wrong = stride(from: Int64(-200_000), through: 100_000, by: 11).filter { day in
            let seconds = day * 86_400 + 43_199
            return WireTime(WireTime.format(epochSeconds: seconds))?.epochSeconds != seconds
        }
        #expect(wrong == [])
    }
}

@Suite struct `Times read` {
    @Test(
        arguments: [
            ("2026-11-25T10:00:00Z", 1_795_600_800), ("2026-11-25T11:00:00+01:00", 1_795_600_800),
            ("2026-11-25T04:30:00-05:30", 1_795_600_800), ("2026-11-25T11:00:00+0100", 1_795_600_800),
            ("2026-11-25t10:00:00z", 1_795_600_800), ("2026-11-25 10:00:00Z", 1_795_600_800),
            ("2026-11-25T10:00:00-00:00", 1_795_600_800), ("1990-12-31T23:59:60Z", 662_688_000),
        ] as [(String, Int64)]
    )
    func `gives the moment`(text: String, expected: Int64) {
        #expect(WireTime(text)?.epochSeconds == expected)
    }

    @Test(arguments: ["2022-06-10T17:08:48", "2022-06-10T17:08:48.123456"])
    func `gives no moment without a zone`(text: String) throws {
        let time = try #require(WireTime(text))
        #expect(time.isNaive)
        #expect(time.epochSeconds == nil)
        #expect(time.readingSeconds == 1_654_880_928)
    }

    @Test(
        arguments: [
            ("2026-11-25T10:00:00.5Z", 500_000_000), ("2026-11-25T10:00:00,25Z", 250_000_000),
            ("2026-11-25T10:00:00.123456789Z", 123_456_789), ("2026-11-25T10:00:00.9999999999999Z", 999_999_999),
            ("2026-11-25T10:00:00Z", 0),
        ] as [(String, Int32)]
    )
    func `gives the fraction`(text: String, expected: Int32) {
        #expect(WireTime(text)?.nanoseconds == expected)
        #expect(WireTime(text)?.epochSeconds == 1_795_600_800)
    }

    @Test(arguments: [
        "", "2026", "2026-11-25", "2026-11-25T10:00Z", "2026-11-25T10:00:00ZZ", "2026-11-25T10:00:00 Z",
        "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-04-31T00:00:00Z",
        "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-11-25T24:00:00Z", "2026-11-25T10:60:00Z",
        "2026-11-25T10:00:61Z", "2026-11-25T10:00:00.Z", "2026-11-25T10:00:00+24:00", "2026-11-25T10:00:00+01:60",
        "2026-11-25T10:00:00+1", "2026-11-25T10:00:00+", "26-11-25T10:00:00Z", "+2026-11-25T10:00:00Z",
        "2026/11/25T10:00:00Z", " 2026-11-25T10:00:00Z", "2026-11-25T10:00:00Z\n", "２026-11-25T10:00:00Z", "1795600800",
    ])
    func `refuses what is no time`(text: String) {
        #expect(WireTime(text) == nil)
    }

    @Test func `takes the leap day of a year that has one`() {
        #expect(WireTime("2000-02-29T00:00:00Z") != nil)
        #expect(WireTime("2028-02-29T00:00:00Z") != nil)
    }
}
