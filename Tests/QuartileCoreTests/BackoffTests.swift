import QuartileCore
import Testing

@Suite struct `Backoff after failures` {
    private static let table: [Int64] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]

    @Test func `lies between three tenths of the table's value and the whole`() {
        for (index, longest) in Self.table.enumerated() {
            #expect(Backoff.delay(failures: index + 1, random: 0) == Milliseconds(longest * 300))
            let high = Backoff.delay(failures: index + 1, random: 1.0.nextDown)
            #expect(high <= .seconds(longest))
            #expect(high > .seconds(longest) - 10)
        }
    }

    @Test func `grows with what is drawn`() {
        #expect(Backoff.delay(failures: 6, random: 0.25) == Milliseconds(15_200))
        #expect(Backoff.delay(failures: 6, random: 0.75) == Milliseconds(26_400))
    }

    @Test func `leaves room for at most twelve requests in the first five minutes`() {
        // The first request comes at 0, the thirteenth after twelve delays.
        let shortest = (1...12).map { Backoff.delay(failures: $0, random: 0).count }.reduce(0, +)
        #expect(Milliseconds(shortest) >= .minutes(5))
        #expect(Milliseconds(shortest) == Milliseconds(423_300))
    }

    @Test func `leaves room for at most forty requests an hour at its ceiling, whatever is drawn`() {
        #expect(Backoff.delay(failures: 20, random: 0) * 40 >= .hours(1))
    }

    @Test(arguments: [0, 0.5, 1.0.nextDown])
    func `keeps the store waiting for ten seconds at most`(random: Double) {
        #expect(Backoff.storageDelay(failures: 1, random: random) == Backoff.delay(failures: 1, random: random))
        #expect(Backoff.storageDelay(failures: 20, random: random) == .seconds(10))
    }

    @Test(arguments: [Int.min, -1, 0])
    func `takes no failure at all for one`(failures: Int) {
        #expect(Backoff.delay(failures: failures, random: 0) == Milliseconds(300))
    }

    @Test func `stays at its ceiling however many failures there are`() {
        #expect(Backoff.delay(failures: .max, random: 1.0.nextDown) <= Backoff.ceiling)
    }
}
