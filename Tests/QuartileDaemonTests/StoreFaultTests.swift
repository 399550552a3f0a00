import GRDB
import Glibc
import QuartileCore
import Testing

@testable import QuartileDaemon

/// What happens to the file, its directory and its disk while the store has it open.
struct StoreFaultTests {
    let fixture: StoreFixture
    let change = StoreChange.saveTokens(.ada, .example(2), .example(after: 1))
    var elsewhere: String { fixture.directory.file("elsewhere.db") }

    init() throws {
        fixture = try StoreFixture()
        try fixture.commit(.put())
    }

    @Test func fileThatWasRemovedIsNotWritten() throws {
        let store = try fixture.open()
        try PrivateFiles.remove(fixture.path)
        try expectDisplaced(store)
        try store.close()
    }

    @Test func fileThatWasMovedIsWrittenWhenItIsBack() throws {
        let store = try fixture.open()
        try PrivateFiles.rename(fixture.path, to: elsewhere)
        try expectDisplaced(store)
        try PrivateFiles.rename(elsewhere, to: fixture.path)
        try store.commit([change])
        try store.close()
        #expect(try fixture.account().tokens == .example(2))
    }

    @Test func fileThatWasPutInItsPlaceIsLeftAlone() throws {
        let copy = try fixture.bytes()
        let store = try fixture.open()
        try PrivateFiles.rename(fixture.path, to: elsewhere)
        try fixture.write(copy)
        let moved = try fixture.bytes(at: elsewhere)
        try expectDisplaced(store)
        #expect(try fixture.bytes() == copy)
        #expect(try fixture.bytes(at: elsewhere) == moved)
        try store.close()
    }

    /// The commit itself is well, and lands in a file without a name.
    @Test func fileThatIsRemovedDuringACommitDoesNotCount() throws {
        let store = try fixture.open()
        store.beforeCommit { [path = fixture.path] in unlink(path) }
        try expectDisplaced(store)
        try store.close()
    }

    @Test func fileThatIsOverwrittenIsDamagedUntilItIsBack() throws {
        let store = try fixture.open()
        let good = try fixture.bytes()
        try fixture.overwrite(with: [UInt8](repeating: 0xA5, count: good.count))
        #expect(refusal { try store.commit([change]) }?.sentence.contains("is damaged") == true)
        try fixture.overwrite(with: good)
        try store.commit([change])
        try store.close()
        #expect(try fixture.account().tokens == .example(2))
    }

    @Test func directoryThatTakesNoJournalIsNamed() throws {
        let store = try fixture.open()
        let state = fixture.directory.file("state")
        try PrivateFiles.remove(fixture.path + "-journal")
        #expect(chmod(state, 0o555) == 0 && chmod(fixture.directory.path, 0o755) == 0)
        let error = try withoutPrivilege { refusal { try store.commit([change]) } }
        #expect(error?.sentence.contains("Make it and its directory writable") == true)
        #expect(chmod(state, 0o700) == 0)
        try store.commit([change])
        try store.close()
    }

    @Test func fileThatMayNotGrowIsNamedAndWrittenOnceItMay() async throws {
        let paths: String = "\(fixture.path) \(fixture.keyPath)"
        await #expect(processExitsWith: .success) { [paths = paths as String] in
            let parts = paths.split(separator: " ").map(String.init)
            let log = StoreLog()
            let store = try SQLiteTokenStore.open(at: parts[0], keys: .file(parts[1]), log: log.logger)
            signal(SIGXFSZ, SIG_IGN)
            let change = StoreChange.saveTokens(.ada, .example(2), .example(after: 1))
            var limit = rlimit(rlim_cur: 1024, rlim_max: rlim_t.max)
            #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
            #expect(refusal { try store.commit([change]) }?.sentence.contains("no file may be that large") == true)
            limit.rlim_cur = rlim_t.max
            #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
            try store.commit([change])
            try store.close()
            #expect(log.messages.isEmpty)
        }
        #expect(try fixture.account().tokens == .example(2))
    }

    /// A commit that fails at its end with the set in the file is told of as done only when it is on disk.
    @Test func errorOfTheLastSyncIsMendedByWritingAgain() throws {
        let disk = FaultyDisk(fixture.directory.file("state"), seed: 1)
        let store = try fixture.open()
        disk.failAfterNextTruncation(calls: 1)
        try store.commit([change])
        #expect(disk.failed == 1)
        #expect(fixture.logs.messages.isEmpty)
        // It is found written already, which says nothing of the disk: so it is synced again.
        let before = disk.count
        try store.commit([change])
        #expect(disk.count > before)
        try store.close()
    }

    /// A disk that stays broken: the login is in the file, so the daemon takes it for made; tokens are kept and tried
    /// again, and an intent is not acted on.
    @Test func diskThatFailsTwiceLeavesALoginAndNothingElse() throws {
        let disk = FaultyDisk(fixture.directory.file("state"), seed: 1)
        let store = try fixture.open()
        let intent = Intent(generation: 1, operation: .refresh, at: Moment.start.wall)
        let changes: [StoreChange] = [
            .openIntent(.ada, intent, refreshToken: .ambiguous, replacingOwn: true), change, .removeAccount(.ada),
        ]
        for change in changes {
            disk.failAfterNextTruncation(calls: .max / 2)
            #expect(refusal { try store.commit([change]) } != nil)
            disk.fail(0..<0)
            try store.commit([change])
        }
        disk.failAfterNextTruncation(calls: .max / 2)
        try store.commit([.put()])
        #expect(
            fixture.logs.messages == ["error: the disk does not confirm what was written; the next commit will tell"]
        )
        disk.fail(0..<0)
        #expect(try store.load(now: .start).accounts.map(\.tokens) == [.example(1)])
        try store.close()
    }

    private func expectDisplaced(_ store: SQLiteTokenStore, at location: SourceLocation = #_sourceLocation) throws {
        let error = refusal { try store.commit([change]) }
        #expect(error?.sentence.contains("moved, removed or replaced") == true, sourceLocation: location)
        #expect(error?.sentence.contains(fixture.path) == true, sourceLocation: location)
    }
}

extension StoreFixture {
    /// Writes over the database's bytes, in the file that is there.
    fileprivate func overwrite(with bytes: [UInt8]) throws {
        let file = Glibc.open(path, O_WRONLY | O_CLOEXEC)
        try #require(file >= 0)
        defer { close(file) }
        try #require(pwrite(file, bytes, bytes.count, 0) == bytes.count)
    }
}

extension SQLiteTokenStore {
    /// Runs `body` when a transaction is about to be committed.
    fileprivate func beforeCommit(_ body: @escaping @Sendable () -> Void) {
        queue.inDatabase { db in
            db.trace { if "\($0)".hasPrefix("COMMIT") { body() } }
        }
    }
}
