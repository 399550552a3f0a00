import Glibc
import Testing

@testable import quartilectl

/// 2026-11-25T10:00:00Z, a Wednesday.
private let now: Int64 = 1_795_600_800

@Suite struct `Relative time` {
    @Test(
        arguments: [
            (0, "now (11:00 +0100)"), (1, "in 1 s (11:00 +0100)"), (59, "in 59 s (11:00 +0100)"),
            (60, "in 1 m (11:01 +0100)"), (3_599, "in 59 m (11:59 +0100)"), (3_600, "in 1 h (12:00 +0100)"),
            (11_579, "in 3 h 12 m (14:12 +0100)"), (-1, "1 s ago (10:59 +0100)"), (-300, "5 m ago (10:55 +0100)"),
            (-39_599, "10 h 59 m ago (00:00 +0100)"),
        ] as [(Int64, String)]
    )
    func `of today has the time of day`(difference: Int64, expected: String) {
        #expect(Zone.berlin.clock(now: now).relative(now + difference) == expected)
    }

    @Test(
        arguments: [
            (46_800, "in 13 h (26 Nov 00:00 +0100)"), (-39_601, "11 h ago (24 Nov 23:59 +0100)"),
            (86_400, "in 1 d (26 Nov 11:00 +0100)"), (100_800, "in 1 d 4 h (26 Nov 15:00 +0100)"),
            (259_199, "in 2 d 23 h (28 Nov 10:59 +0100)"), (1_134_300, "in 13 d (8 Dec 14:05 +0100)"),
            (-1_209_600, "14 d ago (11 Nov 11:00 +0100)"),
        ] as [(Int64, String)]
    )
    func `of another day has the date`(difference: Int64, expected: String) {
        #expect(Zone.berlin.clock(now: now).relative(now + difference) == expected)
    }

    @Test func `of another year has the year`() {
        #expect(Zone.berlin.clock(now: now).relative(now + 3_456_000) == "in 40 d (4 Jan 2027 11:00 +0100)")
    }

    @Test(arguments: [
        (Zone.berlin, "in 6 h (17:00 +0100)"), (.kolkata, "in 6 h (21:30 +0530)"), (.stJohns, "in 6 h (12:30 -0330)"),
    ])
    func `is told in the zone's own time`(zone: Zone, expected: String) {
        #expect(zone.clock(now: now).relative(now + 21_600) == expected)
    }

    @Test func `has the offset that holds at the moment, not now`() {
        // From the last summer day to the first winter day.
        #expect(Zone.berlin.clock(now: 1_792_800_000).relative(1_792_908_000) == "in 1 d 6 h (25 Oct 07:00 +0100)")
        #expect(Zone.berlin.clock(now: 1_792_800_000).relative(1_792_800_060) == "in 1 m (02:01 +0200)")
    }

    @Test func `holds however far the moment is`() {
        let clock = Clock(now: -5) { _ in LocalTime(year: 1, month: 1, day: 1, hour: 0, minute: 0, offset: 0) }
        #expect(clock.relative(.max).hasPrefix("in 106751991167300 d"))
        #expect(clock.relative(.min).hasSuffix("ago (00:00 +0000)"))
    }
}

/// One after the other, since the zone is the whole process's.
@Suite(.serialized) struct `System clock` {
    @Test(arguments: Zone.allCases)
    func `reads the zone from TZ`(zone: Zone) {
        let former = getenv("TZ").map { String(cString: $0) }
        setenv("TZ", zone.posix, 1)
        tzset()
        defer {
            if let former { setenv("TZ", former, 1) } else { unsetenv("TZ") }
            tzset()
        }
        for moment in [now, now - 8_640_000, 0, 1_792_889_999, 1_792_890_000] {
            #expect(Clock.systemLocal(moment) == zone.reference(moment), "\(moment)")
        }
    }
}

extension Zone {
    /// What the zone's clock shows, reckoned without the C library; 1970 had no summer time.
    fileprivate func reference(_ moment: Int64) -> LocalTime {
        clock(now: moment).local(moment)
    }
}
