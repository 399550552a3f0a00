import QuartileCore
import Testing

@Suite struct `Backoff after failures` {
    private static let table: [Int64] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]

    @Test func `lies between a quarter of the table's value and the whole`() {
        for (index, longest) in Self.table.enumerated() {
            #expect(Backoff.delay(failures: index + 1, random: 0) == Milliseconds(longest * 250))
            let high = Backoff.delay(failures: index + 1, random: 1.0.nextDown)
            #expect(high <= .seconds(longest))
            #expect(high > .seconds(longest) - 10)
        }
    }

    @Test func `grows with what is drawn`() {
        #expect(Backoff.delay(failures: 5, random: 0.5) == Milliseconds(10_000))
    }

    @Test func `leaves room for at most twelve requests in the first five minutes`() {
        // The first request comes at 0, the thirteenth after twelve delays.
        let shortest = (1...12).map { Backoff.delay(failures: $0, random: 0).count }.reduce(0, +)
        #expect(Milliseconds(shortest) >= .minutes(5))
        #expect(Milliseconds(shortest) == Milliseconds(352_750))
    }

    @Test func `makes fewer than forty requests an hour once at its ceiling`() {
        for seed in 0..<200 {
            var random = SplitMix64(seed: UInt64(seed))
            var waited = Milliseconds(0)
            var requests = 0
            while waited < .hours(1) {
                waited = waited + Backoff.delay(failures: 20, random: .random(in: 0..<1, using: &random))
                requests += 1
            }
            #expect(requests <= 40)
        }
    }

    @Test(arguments: [Int.min, -1, 0])
    func `takes no failure at all for one`(failures: Int) {
        #expect(Backoff.delay(failures: failures, random: 0) == Milliseconds(250))
    }

    @Test func `stays at its ceiling however many failures there are`() {
        #expect(Backoff.delay(failures: .max, random: 1.0.nextDown) <= Backoff.ceiling)
    }
}
