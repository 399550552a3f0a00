import Foundation
import QuartileCore
import Testing

@testable import QuartileDaemon

/// Transactions that do not get to their end.
struct StoreCrashTests {
    let fixture: StoreFixture
    let names: [AccountName]

    init() throws {
        fixture = try StoreFixture()
        names = (0..<200).compactMap { AccountName("account-\($0)") }
        try fixture.withStore { [names] store in try store.commit(names.map { .put($0) }) }
    }

    @Test func transactionThatACrashCutOffIsRolledBack() throws {
        let crashed = try StoreFixture()
        let store = try fixture.open()
        let before = try fixture.bytes()
        // Makes SQLite write pages before the transaction ends, as it does with one that outgrows its cache.
        try store.execute("PRAGMA cache_size = 2")
        try store.abandon(names.map { .saveTokens($0, .example(2), .example(after: 1)) }) {
            for name in ["state/quartiled.db", "state/quartiled.db-journal", "data/key"] {
                let bytes = try Data(contentsOf: URL(fileURLWithPath: fixture.directory.file(name)))
                try crashed.put(bytes, at: crashed.directory.file(name))
            }
        }
        try store.close()
        #expect(try crashed.bytes() != before)
        let journal = try #require(try PrivateFiles.status(crashed.path + "-journal"))
        #expect(journal.st_size > 0)

        let contents = try crashed.load()
        #expect(contents.damaged.isEmpty)
        #expect(contents.accounts.map(\.account.name) == names)
        #expect(contents.accounts.allSatisfy { $0.tokens == .example(1) && $0.recent.count == 1 })
    }

    @Test func commitOnAFullDiskFailsAndSucceedsOnceThereIsSpace() throws {
        let store = try fixture.open()
        try store.execute("PRAGMA max_page_count = 1")
        let more = (0..<200).compactMap { AccountName("more-\($0)") }.map { StoreChange.put($0) }
        let error = refusal { try store.commit(more) }
        #expect(error?.sentence.contains("its disk is full") == true)
        #expect(try store.load(now: .start).accounts.count == 200)
        try store.execute("PRAGMA max_page_count = 1000000")
        try store.commit(more)
        try store.close()
        #expect(try fixture.load().accounts.count == 400)
    }

    @Test func commitWhileAnotherProgramReadsFailsAndSucceedsAfterIt() throws {
        let store = try fixture.open()
        let change = StoreChange.saveTokens(names[0], .example(2), .example(after: 1))
        try fixture.whileReading {
            let error = refusal { try store.commit([change]) }
            #expect(error?.sentence.contains("locked by another program") == true)
            let contents = try store.load(now: .start)
            #expect(contents.accounts.first?.tokens == .example(1))
        }
        try store.commit([change])
        try store.close()
        #expect(try fixture.load().accounts.first?.tokens == .example(2))
    }

    @Test func transactionThatWasLeftOpenIsEndedByTheNext() throws {
        let store = try fixture.open()
        try store.execute("BEGIN IMMEDIATE; DELETE FROM accounts")
        try store.commit([.saveTokens(names[0], .example(2), .example(after: 1))])
        try store.close()
        let contents = try fixture.load()
        #expect(contents.accounts.count == 200)
        #expect(contents.accounts.first?.tokens == .example(2))
    }

    @Test func callsFromManyThreadsAreServedOneByOne() async throws {
        let store = try fixture.open()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for name in names {
                group.addTask {
                    try store.commit([.saveTokens(name, .example(2), .example(after: 1))])
                    _ = try store.load(now: .start)
                }
            }
            try await group.waitForAll()
        }
        #expect(try store.load(now: .start).accounts.allSatisfy { $0.tokens == .example(2) })
        try store.close()
    }
}
