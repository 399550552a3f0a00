import QuartileWire
@testable import quartilectl

/// Three zones without a table of zones, so that a machine without tzdata gives the same.
enum Zone: String, CaseIterable, Sendable {
    case berlin = "Europe/Berlin"
    case kolkata = "Asia/Kolkata"
    case stJohns = "America/St_Johns"

    /// The same zone in the notation of POSIX.1-2024, XBD 8.3, which the C library reads by itself.
    var posix: String {
        switch self {
        case .berlin: "CET-1CEST,M3.5.0,M10.5.0/3"
        case .kolkata: "IST-5:30"
        case .stJohns: "NST3:30NDT,M3.2.0,M11.1.0"
        }
    }

    /// Winter until 2027-03-28T01:00:00Z and again from 2026-10-25T01:00:00Z for Berlin; St John's changes likewise.
    private func offset(_ seconds: Int64) -> Int {
        switch self {
        case .berlin: (1_774_746_000..<1_792_890_000).contains(seconds) ? 7_200 : 3_600
        case .kolkata: 19_800
        case .stJohns: (1_772_947_800..<1_793_507_400).contains(seconds) ? -9_000 : -12_600
        }
    }

    /// A clock in this zone.
    func clock(now: Int64) -> Clock {
        Clock(now: now) { seconds in
            let offset = offset(seconds)
            let text = Array(utc(seconds + Int64(offset)).utf8)
            func number(_ range: Range<Int>) -> Int { Int(String(decoding: text[range], as: UTF8.self)) ?? 0 }
            return LocalTime(
                year: number(0..<4),
                month: number(5..<7),
                day: number(8..<10),
                hour: number(11..<13),
                minute: number(14..<16),
                offset: offset
            )
        }
    }
}

private func utc(_ seconds: Int64) -> String {
    WireTime.format(epochSeconds: seconds)
}
