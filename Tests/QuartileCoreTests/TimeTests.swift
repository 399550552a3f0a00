import QuartileCore
import Testing

@Suite struct `Times and spans` {
    @Test(arguments: [(0, 0), (1, 0), (999, 0), (1000, 1), (1999, 1), (-1, -1), (-999, -1), (-1000, -1), (-1001, -2)])
    func `whole seconds are rounded down, before 1970 too`(milliseconds: Int64, seconds: Int64) {
        #expect(UnixTime(milliseconds: milliseconds).seconds == seconds)
    }

    @Test func `a point plus a span less the point is the span`() {
        let time = UnixTime(seconds: 100)
        #expect(time + .minutes(2) == UnixTime(seconds: 220))
        #expect((time + .minutes(2)) - time == .seconds(120))
        #expect(time - (time + .minutes(2)) == .seconds(-120))
        let boot = BootTime(milliseconds: 5)
        #expect((boot + .hours(1)) - boot == .minutes(60))
    }

    @Test func `points and spans are ordered as numbers are`() {
        #expect(UnixTime(milliseconds: -1) < UnixTime(milliseconds: 0))
        #expect(BootTime(milliseconds: 1) < BootTime(milliseconds: 2))
        #expect(Milliseconds(-5) < 0)
    }

    @Test func `a moment moved on moves both clocks`() {
        let later = Moment.start + .seconds(7)
        #expect(later.wall - Moment.start.wall == .seconds(7))
        #expect(later.boot - Moment.start.boot == .seconds(7))
    }

    @Test func `a moment tells what the wall clock will show`() {
        #expect(Moment.start.wall(at: Moment.start.boot + .hours(3)) == Moment.start.wall + .hours(3))
    }

    @Test func `a span is scaled towards zero and divided whole`() {
        #expect(Milliseconds(999) * 0.5 == Milliseconds(499))
        #expect(Milliseconds(-999) * 0.5 == Milliseconds(-499))
        #expect(Milliseconds(999) / 10 == Milliseconds(99))
        #expect(Milliseconds(1500).inSeconds == 1.5)
    }
}
