import QuartileCore
import Testing

@Suite struct `Refresh policy` {
    private let policy = RefreshPolicy()

    @Test(arguments: [
        (Milliseconds.hours(12), Milliseconds.hours(11)), (.hours(4), .hours(3)), (.hours(1), .minutes(45)),
        (.seconds(8), .seconds(6)),
    ])
    func `follows its table without jitter`(life: Milliseconds, due: Milliseconds) {
        #expect(policy.dueAge(life: life, jitter: 0) == due)
    }

    @Test func `brings a refresh forward by up to a tenth of the margin`() {
        #expect(policy.dueAge(life: .hours(12), jitter: 0.5) == .hours(11) - .minutes(3))
        let earliest = policy.dueAge(life: .hours(12), jitter: 1.0.nextDown)
        #expect(earliest >= .hours(11) - .minutes(6))
        #expect(earliest < .hours(11) - .minutes(5))
    }

    @Test func `is never earlier than three quarters of the life, later than the end, or later for jitter`() {
        var random = SplitMix64(seed: 1)
        for _ in 0..<10_000 {
            let life = Milliseconds(.random(in: 1...Milliseconds.tenYears.count, using: &random))
            let margin = Milliseconds(.random(in: 0...life.count * 2, using: &random))
            let policy = RefreshPolicy(margin: margin)
            let jitter = Double.random(in: 0..<1, using: &random)
            let due = policy.dueAge(life: life, jitter: jitter)
            #expect(due >= life * 0.75)
            #expect(due <= life)
            #expect(due <= policy.dueAge(life: life, jitter: 0))
        }
    }

    @Test func `with the margin of a demonstration refreshes at six of eight seconds`() {
        #expect(RefreshPolicy(margin: .seconds(2)).dueAge(life: .seconds(8), jitter: 0.9) == .seconds(6))
    }

    @Test(arguments: [
        (Milliseconds.hours(12), Milliseconds.seconds(60)), (.minutes(10), .seconds(60)), (.minutes(5), .seconds(30)),
        (.seconds(8), Milliseconds(800)),
    ])
    func `gives a caller who names no span 60 s or a tenth of the life`(life: Milliseconds, span: Milliseconds) {
        #expect(RefreshPolicy.defaultMinValid(life: life) == span)
    }
}
