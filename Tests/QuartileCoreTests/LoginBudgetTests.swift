@testable import QuartileCore
import Testing

@Suite struct `Login budget` {
    private let now = Moment.start.wall

    private func entry(
        _ event: HistoryEntry.Event,
        _ result: HistoryEntry.Result,
        ago: Milliseconds
    ) -> HistoryEntry {
        HistoryEntry(at: Moment.start.wall + (0 - ago), event: event, result: result)
    }

    @Test func `allows a login at once while any is left`() {
        var budget = LoginBudget(perHour: 3)
        #expect(budget.nextLogin(at: now) <= now)
        budget.countLogin(at: now)
        budget.countLogin(at: now)
        #expect(budget.nextLogin(at: now) <= now)
    }

    @Test func `waits for the oldest of a full hour to be an hour old`() {
        var budget = LoginBudget(perHour: 3)
        for minute in [0, 10, 20] as [Int64] { budget.countLogin(at: now + .minutes(minute)) }
        #expect(budget.nextLogin(at: now + .minutes(20)) == now + .hours(1))
        #expect(budget.nextLogin(at: now + .hours(1)) <= now + .hours(1))
        budget.countLogin(at: now + .hours(1))
        #expect(budget.nextLogin(at: now + .hours(1)) == now + .minutes(70))
    }

    @Test func `never lets more than its number through in any hour`() {
        var random = SplitMix64(seed: 4)
        var budget = LoginBudget(perHour: 12)
        var logins: [UnixTime] = []
        var time = now
        while logins.count < 500 {
            time = max(time + Milliseconds(.random(in: 0...600_000, using: &random)), budget.nextLogin(at: time))
            guard budget.nextLogin(at: time) <= time else { continue }
            budget.countLogin(at: time)
            logins.append(time)
        }
        for (first, thirteenth) in zip(logins, logins.dropFirst(12)) { #expect(thirteenth - first >= .hours(1)) }
    }

    @Test func `lowered below what was used waits until enough are an hour old`() {
        let used = (1...5).map { entry(.login, .received, ago: .minutes(Int64(60 - 10 * $0))) }
        var budget = LoginBudget(perHour: 2, recent: used)
        // Logins 50, 40, 30, 20 and 10 minutes ago: two are allowed once the one 20 minutes ago is an hour old.
        #expect(budget.nextLogin(at: now) == now + .minutes(40))
    }

    @Test(arguments: [Milliseconds.tenYears, .tenYears * -1, .hours(-1)])
    func `goes on as it was when the clock is set`(step: Milliseconds) {
        var budget = LoginBudget(perHour: 1)
        budget.countLogin(at: now)
        budget.clockWasSet(by: step)
        let later = now + .minutes(50) + step
        #expect(budget.nextLogin(at: later) == later + .minutes(10))
    }

    @Test func `takes what an earlier process wrote down at its word when the clock is put right`() {
        // Off for an hour, and started with a clock that stood still meanwhile.
        var late = LoginBudget(perHour: 1, recent: [entry(.login, .received, ago: .minutes(10))])
        late.clockWasSet(by: .hours(1))
        #expect(late.nextLogin(at: now + .hours(1)) <= now + .hours(1))
        // Started with a clock that was an hour behind.
        var early = LoginBudget(perHour: 1, recent: [entry(.login, .received, ago: .minutes(-50))])
        #expect(early.nextLogin(at: now) == now + .hours(1))
        early.clockWasSet(by: .hours(1))
        #expect(early.nextLogin(at: now + .hours(1)) == now + .minutes(110))
    }

    @Test func `keeps what an earlier process wrote down as old as it is when the clock is set back`() {
        var budget = LoginBudget(perHour: 1, recent: [entry(.login, .received, ago: .minutes(50))])
        budget.clockWasSet(by: .hours(-1))
        let later = now + .minutes(5) + .hours(-1)
        #expect(budget.nextLogin(at: later) == later + .minutes(5))
    }

    @Test func `takes no login to be over by the time of another that was written by a wrong clock`() {
        let written = [entry(.login, .received, ago: .minutes(30)), entry(.login, .interrupted, ago: .minutes(70))]
        var behind = LoginBudget(perHour: 1, recent: written)
        #expect(behind.nextLogin(at: now) == now + .minutes(30))
        let ahead = [entry(.login, .received, ago: .minutes(30)), entry(.login, .interrupted, ago: .minutes(-70))]
        var budget = LoginBudget(perHour: 2, recent: ahead)
        #expect(budget.nextLogin(at: now) == now + .minutes(30))
    }

    @Test func `of nothing allows nothing`() {
        var budget = LoginBudget(perHour: 0)
        #expect(budget.nextLogin(at: now) > now)
    }

    @Test func `is read back from the history`() {
        let counted: [HistoryEntry.Result] = [.received, .refused, .interrupted]
        for result in counted {
            var budget = LoginBudget(perHour: 1, recent: [entry(.login, result, ago: .minutes(10))])
            #expect(budget.nextLogin(at: now) == now + .minutes(50), "\(result)")
        }
    }

    @Test(arguments: [
        (HistoryEntry.Event.login, HistoryEntry.Result.notSent), (.login, .ambiguous), (.loginByUser, .received),
        (.importByUser, .stored), (.refresh, .received), (.refresh, .interrupted),
    ])
    func `does not count what the API did not answer or the daemon did not do`(
        event: HistoryEntry.Event,
        result: HistoryEntry.Result
    ) {
        var budget = LoginBudget(perHour: 1, recent: [entry(event, result, ago: .minutes(10))])
        #expect(budget.nextLogin(at: now) <= now)
    }

    @Test func `forgets what is more than an hour old`() {
        var budget = LoginBudget(perHour: 1, recent: [entry(.login, .received, ago: .hours(1))])
        #expect(budget.nextLogin(at: now) <= now)
    }

    // MARK: Refused though never spent

    @Test func `waits from the third refusal of an unspent token on, longer each time, up to 30 minutes`() {
        var budget = LoginBudget(perHour: 1000)
        var time = now
        let waits: [Int64] = [0, 0, 1, 2, 4, 8, 16, 30, 30, 30]
        for (round, minutes) in waits.enumerated() {
            budget.countRefusalOfUnspent(at: time)
            let next = budget.nextLogin(at: time)
            #expect(next - time == .minutes(minutes), "round \(round + 1)")
            time = next + .seconds(5)
        }
    }

    @Test func `does not wait for rounds that lie further apart than an hour`() {
        var budget = LoginBudget(perHour: 1000)
        for round in 0..<10 {
            let time = now + .minutes(Int64(round) * 31)
            budget.countRefusalOfUnspent(at: time)
            // Two within an hour, never three.
            #expect(budget.nextLogin(at: time) <= time)
        }
    }

    @Test func `forgives after a quiet hour`() {
        var budget = LoginBudget(perHour: 1000)
        for _ in 0..<5 { budget.countRefusalOfUnspent(at: now) }
        let later = now + .hours(2)
        budget.countRefusalOfUnspent(at: later)
        #expect(budget.nextLogin(at: later) <= later)
        #expect(budget.refusalsOfUnspent == 1)
    }

    @Test func `remembers refusals across a restart`() {
        let recent = [30, 20, 10].map { entry(.refresh, .refusedUnspent, ago: .seconds($0)) }
        var budget = LoginBudget(perHour: 12, recent: recent)
        #expect(budget.nextLogin(at: now) == now + .seconds(50))
    }

    // MARK: A clock that is set

    @Test func `never holds a login for more than an hour though the clock was set back`() {
        var budget = LoginBudget(perHour: 1)
        budget.countLogin(at: now + .tenYears)
        let next = budget.nextLogin(at: now)
        #expect(next <= now + .hours(1))
        // The promise holds when the wait is over, too: asked again then, the answer is yes.
        #expect(budget.nextLogin(at: next) <= next)
    }

    @Test func `never holds a login for a refusal that the clock moved into the future`() {
        var budget = LoginBudget(perHour: 12)
        for _ in 0..<9 { budget.countRefusalOfUnspent(at: now + .tenYears) }
        let next = budget.nextLogin(at: now)
        #expect(next <= now + .hours(1))
        #expect(budget.nextLogin(at: next) <= next)
    }
}
