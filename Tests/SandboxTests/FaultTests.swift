import Testing

@testable import quartile_sandbox

@Suite struct FaultBookTests {
    private func fault(_ call: CallKind? = nil, user: String? = nil, skip: Int = 0, times: Int? = 1) -> Fault {
        var fault = Fault(kind: "reset", action: .reset, moment: .before)
        fault.call = call
        fault.username = user
        fault.skip = skip
        fault.remaining = times
        return fault
    }

    private func strikes(_ book: inout FaultBook, _ call: CallKind, user: String? = nil) -> Int? {
        book.strike(call: call, version: .v2, username: user)?.id
    }

    @Test func strikesOnlyTheCallAndUserItNames() {
        var book = FaultBook()
        let id = book.add(fault(.refresh, user: "ada@example.com"))
        #expect(strikes(&book, .login, user: "ada@example.com") == nil)
        #expect(strikes(&book, .refresh, user: "bob@example.com") == nil)
        #expect(strikes(&book, .refresh) == nil)
        #expect(strikes(&book, .refresh, user: "ada@example.com") == id)
    }

    @Test func skipsThenStrikesSoManyTimes() {
        var book = FaultBook()
        let id = book.add(fault(skip: 2, times: 2))
        #expect((0..<6).map { _ in strikes(&book, .login) } == [nil, nil, id, id, nil, nil])
        #expect(book.entries[0].fault.struck == 2)
    }

    @Test func strikesForEverUntilRemoved() {
        var book = FaultBook()
        let id = book.add(fault(times: nil))
        #expect((0..<100).allSatisfy { _ in strikes(&book, .status) == id })
        #expect(book.stands(id))
        #expect(book.remove(id) == 1)
        #expect(!book.stands(id))
        #expect(strikes(&book, .status) == nil)
    }

    @Test func theOlderOfTwoStrikesFirst() {
        var book = FaultBook()
        let first = book.add(fault())
        let second = book.add(fault())
        #expect([strikes(&book, .login), strikes(&book, .login)] == [first, second])
    }
}

@Suite struct FaultReaderTests {
    @Test func readsAThrottleInBothForms() throws {
        let seconds = try FaultReader.fault(["kind": "status", "code": .number(429), "retry_after": .number(7)])
        let date = try FaultReader.fault(["kind": "status", "code": .number(429), "retry_after_date": .number(9)])
        #expect(seconds.action == .answer(.throttled(7), retryAfter: RetryAfter(seconds: 7, isDate: false)))
        #expect(date.action == .answer(.throttled(9), retryAfter: RetryAfter(seconds: 9, isDate: true)))
    }

    @Test func absentTimesIsOnceAndNullForEver() throws {
        #expect(try FaultReader.fault(["kind": "reset"]).remaining == 1)
        #expect(try FaultReader.fault(["kind": "reset", "times": .null]).remaining == nil)
        #expect(try FaultReader.fault(["kind": "reset", "times": .number(3)]).remaining == 3)
    }

    @Test func whatSpoilsATokenSetStrikesAfter() throws {
        #expect(try FaultReader.fault(["kind": "malformed"]).moment == .after)
        #expect(try FaultReader.fault(["kind": "truncate"]).moment == .after)
        #expect(try FaultReader.fault(["kind": "reset"]).moment == .before)
        #expect(try FaultReader.fault(["kind": "reset", "when": "after"]).moment == .after)
    }

    @Test(
        arguments: [
            (["kind": "nope"], "kind must be one of"),
            (["kind": "reset", "tims": .number(1)], "tims is not known here"),
            (["kind": "reset", "times": .number(0)], "times must be"),
            (["kind": "zoned", "when": "before"], "only strike after"),
            (["kind": "status"], "code must be"), (["kind": "redirect"], "location is missing"),
            ([:], "kind is missing"),
            (["kind": "delay"], "seconds is missing"), (["kind": "reset", "call": "logout"], "call must be one of"),
        ] as [(JSONValue, String)]
    )
    func saysWhatIsWrong(json: JSONValue, message: String) throws {
        let error = try #require(throws: ControlError.self) { try FaultReader.fault(json) }
        #expect(error.message.contains(message))
    }
}
