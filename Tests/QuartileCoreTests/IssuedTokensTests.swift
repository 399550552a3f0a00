import QuartileCore
import Testing

@Suite struct `Issued tokens` {
    private let start = Moment.start
    private let life = Milliseconds.hours(12)

    @Test func `have their whole life when they were just sent for`() {
        #expect(IssuedTokens.made().remaining(at: start) == life)
    }

    @Test func `end on time where nobody sets the clock`() {
        let tokens = IssuedTokens.made()
        #expect(tokens.remaining(at: start + .hours(11)) == .hours(1))
        #expect(tokens.remaining(at: start + life) == 0)
        #expect(tokens.remaining(at: start + .hours(13)) == .hours(-1))
    }

    @Test(arguments: [Milliseconds.hours(-1), .tenYears * -1])
    func `end no later when the wall clock is set back`(step: Milliseconds) {
        let tokens = IssuedTokens.made()
        #expect(tokens.remaining(at: (start + .hours(11)).steppedBy(step)) == .hours(1))
        #expect(tokens.remaining(at: (start + life).steppedBy(step)) == 0)
    }

    @Test(arguments: [Milliseconds.hours(1), .tenYears])
    func `are taken to end early when the wall clock is set forward`(step: Milliseconds) {
        let tokens = IssuedTokens.made()
        #expect(tokens.remaining(at: (start + .hours(2)).steppedBy(step)) == .hours(10) - step)
    }

    @Test func `a sleep of the machine counts`() {
        // The boot clock runs on through a sleep, and so does the wall clock.
        #expect(IssuedTokens.made().remaining(at: start + .hours(13)) < 0)
    }

    @Test func `that were sent for earlier have used that part of their life`() {
        let answered = start + .seconds(30)
        #expect(IssuedTokens.made(sent: start).remaining(at: answered) == life - .seconds(30))
    }

    @Test func `from an earlier boot have what the wall clock leaves them`() {
        let reboot = Moment(wall: start.wall + .hours(5), boot: BootTime(milliseconds: 9000))
        let tokens = IssuedTokens(.made(), generation: 4, loaded: reboot)
        #expect(tokens.remaining(at: reboot) == .hours(7))
        #expect(tokens.remaining(at: reboot + .hours(7)) == 0)
        #expect(tokens.remaining(at: (reboot + .hours(7)).steppedBy(.hours(-2))) == 0)
    }

    @Test func `loaded while the wall clock is behind have no more than their whole life`() {
        let reboot = Moment(wall: UnixTime(seconds: 3), boot: BootTime(milliseconds: 9000))
        let tokens = IssuedTokens(.made(), generation: 4, loaded: reboot)
        #expect(tokens.remaining(at: reboot) == life)
        #expect(tokens.remaining(at: reboot + life) == 0)
        // The clock is set right, and the token turns out to be old.
        let right = Moment(wall: start.wall + .hours(11), boot: reboot.boot + .minutes(1))
        #expect(tokens.remaining(at: right) == .hours(1))
    }

    @Test func `issued ahead of our clock have no more than their whole life when imported`() {
        let set = TokenSet.made(at: start.wall + .minutes(10))
        #expect(IssuedTokens(set, generation: 1, loaded: start).remaining(at: start) == life)
    }

    @Test func `stored in this boot end by the boot clock though the wall clock was set back meanwhile`() {
        let now = (start + .hours(11)).steppedBy(.hours(-24))
        let tokens = IssuedTokens(.made(), generation: 4, issuedAtBoot: start.boot)
        #expect(tokens.remaining(at: now) == .hours(1))
    }

    @Test func `reach an age when the first of both clocks says so`() {
        let tokens = IssuedTokens.made()
        let now = start + .hours(1)
        #expect(tokens.reaches(age: .hours(9), seenAt: now) == start.boot + .hours(9))
        #expect(tokens.reaches(age: .hours(9), seenAt: now.steppedBy(.hours(2))) == start.boot + .hours(7))
        #expect(tokens.reaches(age: .hours(9), seenAt: now.steppedBy(.hours(-2))) == start.boot + .hours(9))
    }
}
