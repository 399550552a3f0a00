import QuartileCore
import Testing

@testable import QuartileDaemon

/// What a store makes of what it finds.
struct StoreLoadTests {
    let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    @Test func sameBootKeepsTheBootClock() throws {
        try fixture.commit(.put())
        // The wall clock was set back by a day since.
        let now = Moment(wall: Moment.start.wall + .hours(-24), boot: Moment.start.boot + .hours(1))
        #expect(try fixture.account(now: now).tokens.issuedAtBoot == Moment.start.boot)
    }

    @Test(arguments: ["boot-2", nil])
    func otherBootGoesByTheWallClock(bootID: String?) throws {
        try fixture.commit(.put())
        let now = Moment(wall: Moment.start.wall + .hours(1), boot: BootTime(milliseconds: 1000))
        let tokens = try fixture.account(bootID: bootID, now: now).tokens
        #expect(tokens == IssuedTokens(IssuedTokens.example(1).set, generation: 1, loaded: now))
        #expect(tokens.remaining(at: now) == .hours(11))
    }

    @Test func bootThatIsNotKnownIsNeverTheSame() throws {
        try fixture.withStore(bootID: nil) { try $0.commit([.put()]) }
        let now = Moment(wall: Moment.start.wall + .hours(1), boot: BootTime(milliseconds: 1000))
        let tokens = try fixture.account(bootID: nil, now: now).tokens
        #expect(tokens.issuedAtBoot == BootTime(milliseconds: 1000 - 3_600_000))
    }

    @Test func historyOfTheLastTwoHoursIsLoadedOldestFirst() throws {
        let ages: [Milliseconds] = [
            .hours(-3), .minutes(-121), .minutes(-119), .minutes(-1), 0, .minutes(119), .hours(3),
        ]
        try fixture.commit(.put())
        for age in ages.reversed() {
            try fixture.commit(
                .recordFailure(
                    .ada,
                    .unspent,
                    .stored,
                    unread: nil,
                    .example(.refresh, .notSent, after: age),
                    told: .example,
                    stayAwayUntil: nil
                )
            )
        }
        let recent = try fixture.account().recent.filter { $0.event == .refresh }
        #expect(recent == ages[2...5].map { .example(.refresh, .notSent, after: $0) })
    }

    @Test func historyIsCutToAThousandLinesButNotIntoTheLastTwoHours() throws {
        let store = try fixture.open()
        try store.commit([.put()])
        func fail(_ delays: some Sequence<Int64>) throws {
            try store.commit(
                delays.map {
                    .recordFailure(
                        .ada,
                        .unspent,
                        .stored,
                        unread: nil,
                        .example(.refresh, .notSent, after: .seconds($0)),
                        told: .example,
                        stayAwayUntil: nil
                    )
                }
            )
        }
        try fail(1...1500)
        #expect(try store.load(now: .start).accounts.first?.recent.count == 1501)
        // Three hours later none of them is recent any more.
        try fail([3 * 3600])
        try store.close()
        #expect(try fixture.read("SELECT count(*) FROM history", as: Int.self) == 1000)
        let newest = (Moment.start.wall + .hours(3)).milliseconds
        #expect(try fixture.read("SELECT max(at) FROM history", as: Int64.self) == newest)
    }

    @Test func historyOfOneAccountIsCutAlone() throws {
        try fixture.withStore { store in
            try store.commit([.put(), .put(.bob)])
            try store.commit(
                (1...1001).map {
                    .recordFailure(
                        .ada,
                        .unspent,
                        .stored,
                        unread: nil,
                        .example(.refresh, .notSent, after: .hours(3 * $0)),
                        told: .example,
                        stayAwayUntil: nil
                    )
                }
            )
        }
        #expect(try fixture.read("SELECT count(*) FROM history", as: Int.self) == 1001)
    }

    @Test func tenThousandAccountsComeBackInOrder() throws {
        let store = try fixture.open()
        let names = (0..<10_000).compactMap { AccountName("account-\($0)") }
        try store.commit(names.map { .put($0) })
        let contents = try store.load(now: .start)
        #expect(contents.accounts.map(\.account.name) == names)
        #expect(contents.accounts.allSatisfy { $0.recent.count == 1 })
        try store.close()
    }
}
