import Glibc
import QuartileCore
import Testing

@testable import QuartileDaemon

/// A disk that is full to the last byte, and the space that is held for it.
@Suite(.enabled(if: SmallDisk.isPermitted, "a tmpfs can be mounted by root only"))
struct StoreFullDiskTests {
    let fixture: StoreFixture
    let disk: SmallDisk
    var ballast: String { fixture.path + ".ballast" }
    let intent = Intent(generation: 1, operation: .refresh, at: Moment.start.wall)

    init() throws {
        fixture = try StoreFixture()
        disk = try SmallDisk(at: "state", of: fixture.directory, size: 6 << 20)
        try fixture.commit(.put())
    }

    @Test func ballastIsAllocatedZerosForTheOwnerOnly() throws {
        let status = try #require(try PrivateFiles.status(ballast))
        #expect(status.st_size == 1 << 20)
        #expect(status.st_blocks * 512 >= 1 << 20)
        #expect(status.st_mode & 0o7777 == 0o600)
        #expect(try fixture.bytes(at: ballast).allSatisfy { $0 == 0 })
    }

    @Test func receivedSetIsSavedAndAnIntentIsNot() throws {
        let store = try fixture.open()
        try disk.fill()
        let open = StoreChange.openIntent(.ada, intent, refreshToken: .ambiguous, replacingOwn: false)
        #expect(refusal { try store.commit([open]) }?.sentence.contains("its disk is full") == true)
        #expect(try size(of: ballast) == 1 << 20)

        try store.commit([.saveTokens(.ada, .example(2), .example(after: 1))])
        #expect(try size(of: ballast) == 0)
        #expect(fixture.logs.messages == ["warning: the disk is full; the space held for tokens is given up"])
        try store.close()
        #expect(try fixture.account().tokens == .example(2))
        #expect(try fixture.account().openIntent == nil)
    }

    @Test func auditLeavesTheSpaceThatWasGivenUpToTokens() throws {
        let store = try fixture.open()
        let entry = AuditEntry(
            at: Moment.start.wall,
            count: 1,
            pid: 1,
            uid: 0,
            process: PeerProcess(),
            account: .ada,
            method: "get_token",
            outcome: "ok"
        )
        try store.append(audit: [entry])
        try disk.fill()
        try store.commit([.saveTokens(.ada, .example(2), .example(after: 1))])
        #expect(refusal { try store.append(audit: [entry]) }?.sentence.contains("no space") == true)
        #expect(try store.audit(of: nil, limit: 10) == [entry])
        try store.close()
        // Nor does it take what little there is after a start on such a disk.
        let again = try fixture.open()
        #expect(refusal { try again.append(audit: [entry]) } != nil)
        try again.close()
    }

    @Test(arguments: [
        StoreChange.recordFailure(
            .ada,
            .spent,
            .stored,
            unread: Secret("?"),
            .example(.refresh, .ambiguous),
            told: .example,
            stayAwayUntil: nil
        ),
        .put(.bob),
    ])
    func whatElseMustNotBeLostIsSaved(change: StoreChange) throws {
        let store = try fixture.open()
        try disk.fill()
        try store.commit([change])
        #expect(try size(of: ballast) == 0)
        try store.close()
    }

    @Test(arguments: [
        StoreChange.updateAccount(.example(password: "new"), .stored, .example(.updateByUser, .stored)),
        .removeAccount(.ada),
    ])
    func whatTheUserCanAskForAgainFails(change: StoreChange) throws {
        let store = try fixture.open()
        try disk.fill()
        #expect(refusal { try store.commit([change]) }?.sentence.contains("its disk is full") == true)
        #expect(try size(of: ballast) == 1 << 20)
        try disk.free()
        try store.commit([change])
        try store.close()
    }

    @Test func anIntentAmongSavesLeavesTheBallast() throws {
        let store = try fixture.open()
        try store.commit([.put(.bob)])
        try disk.fill()
        let mixed: [StoreChange] = [
            .saveTokens(.ada, .example(2), .example(after: 1)),
            .openIntent(.bob, intent, refreshToken: .ambiguous, replacingOwn: false),
        ]
        #expect(refusal { try store.commit(mixed) } != nil)
        #expect(try size(of: ballast) == 1 << 20)
        // One by one, as the queue of commits does it then.
        try store.commit([mixed[0]])
        #expect(try store.load(now: .start).accounts.first?.tokens == .example(2))
        try store.close()
    }

    @Test func ballastIsMadeAgainOnceThereIsSpaceAndAtMostOnceAMinute() throws {
        let store = try fixture.open()
        try disk.fill()
        try store.commit([.saveTokens(.ada, .example(2), .example(after: 1))])
        try disk.free()
        fixture.clock.advance(by: .seconds(59))
        try store.commit([.saveTokens(.ada, .example(3), .example(after: 2))])
        #expect(try size(of: ballast) == 0)

        try disk.fill(leaving: 1 << 20)
        fixture.clock.advance(by: .seconds(1))
        try store.commit([.saveTokens(.ada, .example(4), .example(after: 3))])
        #expect(try size(of: ballast) == 0, "it must not be what fills the disk")

        try disk.free()
        fixture.clock.advance(by: .seconds(59))
        try store.commit([.saveTokens(.ada, .example(5), .example(after: 4))])
        #expect(try size(of: ballast) == 0)
        fixture.clock.advance(by: .seconds(1))
        try store.commit([.saveTokens(.ada, .example(6), .example(after: 5))])
        #expect(try size(of: ballast) == 1 << 20)
        #expect(fixture.logs.messages.last == "notice: space is held for tokens again")

        try disk.fill()
        try store.commit([.saveTokens(.ada, .example(7), .example(after: 6))])
        #expect(try size(of: ballast) == 0)
        try store.close()
    }

    @Test func ballastIsMadeAgainAtTheNextOpen() throws {
        let store = try fixture.open()
        try disk.fill()
        try store.commit([.saveTokens(.ada, .example(2), .example(after: 1))])
        try store.close()
        try disk.free()
        try fixture.open().close()
        #expect(try size(of: ballast) == 1 << 20)
    }

    @Test func storeOpensOnAFullDiskAndSaysThatItHasNoBallast() throws {
        try PrivateFiles.remove(ballast)
        try disk.fill()
        let store = try fixture.open()
        #expect(try store.load(now: .start).accounts.map(\.account.name) == [.ada])
        #expect(
            fixture.logs.messages == [
                "warning: no space can be held for tokens, should the disk be full",
                "warning: what was written last may not be on disk for certain",
            ]
        )
        #expect(refusal { try store.commit([.saveTokens(.ada, .example(2), .example(after: 1))]) } != nil)
        try disk.free()
        fixture.clock.advance(by: .minutes(1))
        try store.commit([.saveTokens(.ada, .example(2), .example(after: 1))])
        #expect(try size(of: ballast) == 1 << 20)
        try store.close()
    }

    @Test func migrationThatFindsNoSpaceForItsCopyLeavesEverythingAsItIs() throws {
        let next = SQLiteSchema.current.version + 1
        let schema = SQLiteSchema(migrations: SQLiteSchema.current.migrations + [SQLiteSchema.step("SELECT 1")])
        try disk.fill(leaving: 8192)
        let before = try fixture.bytes()
        #expect(refusal { try fixture.open(schema: schema) }?.sentence.contains("its disk is full") == true)
        #expect(try fixture.bytes() == before)
        #expect(try disk.freeBytes() == 8192)
        try disk.free()
        try fixture.open(schema: schema).close()
        #expect(try fixture.read("PRAGMA user_version", as: Int.self) == next)
    }

    @Test func manyAccountsDueAtOnceAreAllSaved() async throws {
        let names = (0..<400).compactMap { AccountName("account-\($0)") }
        // About as long as real ones.
        let text = String(repeating: "t", count: 1500)
        let store = try fixture.open()
        try store.commit(names.map { .put($0) })
        try store.commit(names.map { .saveTokens($0, .example(2, text: text), .example(after: 1)) })
        try disk.fill()
        let queue = CommitQueue(store: store)
        let written = await withTaskGroup(of: Bool.self) { group in
            for name in names {
                group.addTask {
                    do throws(StoreError) {
                        try await queue.commit(.saveTokens(name, .example(3, text: text), .example(after: 2)))
                        return true
                    } catch {
                        return false
                    }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(written == names.count)
        let stored = try store.load(now: .start).accounts.filter { $0.account.name != .ada }
        #expect(stored.count == names.count)
        #expect(stored.allSatisfy { $0.tokens.generation == 3 })
        try store.close()
    }

    /// The figure behind the ballast's size.
    @Test func transactionOfEightySavesFitsIntoTheBallast() throws {
        let names = (0..<80).compactMap { AccountName("account-\($0)") }
        let text = String(repeating: "t", count: 1500)
        let store = try fixture.open()
        try store.commit(names.map { .put($0) })
        try store.commit(names.map { .saveTokens($0, .example(2, text: text), .example(after: 1)) })
        try disk.fill()
        try store.commit(names.map { .saveTokens($0, .example(3, text: text), .example(after: 2)) })
        #expect(try size(of: ballast) == 0)
        try store.close()
    }

    private func size(of path: String) throws -> Int? { try PrivateFiles.status(path).map { Int($0.st_size) } }
}
