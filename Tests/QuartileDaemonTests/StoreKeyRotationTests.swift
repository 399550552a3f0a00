import Foundation
import Glibc
import QuartileCore
import Testing

@testable import QuartileDaemon

/// The data key is wrapped anew: what is sealed stays, and the old key opens nothing of the database any more.
struct StoreKeyRotationTests {
    let fixture: StoreFixture
    let keys: KeySourcesFixture

    init() throws {
        fixture = try StoreFixture()
        keys = KeySourcesFixture(fixture)
        try fixture.commit(.put(), .put(.bob))
    }

    private func wrapped() throws -> Data { try #require(try fixture.read("SELECT wrapped FROM data_key")) }

    private func rotate() throws -> KeyStatus { try fixture.withStore { try $0.rotateKey() } }

    private func names(_ directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: fixture.directory.file(directory)).sorted()
    }

    @Test func accountsStayAndTheNewKeyOpensThem() throws {
        let old = try KeyFile(path: fixture.keyPath).key()
        let before = try fixture.load()
        let status = try rotate()
        let new = try KeyFile(path: fixture.keyPath).key()
        #expect(new != old)
        #expect(status.id == WrappedDataKey.keyID(of: new))
        #expect(status.source == .keyFile)
        let after = try fixture.load()
        #expect(after.accounts.map(\.tokens) == before.accounts.map(\.tokens))
        #expect(after.accounts.map(\.account.password) == before.accounts.map(\.account.password))
        #expect(after.damaged.isEmpty)
        #expect(try fixture.withStore { $0.keyStatus } == KeyStatus(source: .keyFile, id: status.id))
    }

    @Test func storeServesOnWhileAndAfterItsKeyIsReplaced() throws {
        let store = try fixture.open()
        for generation in 2...5 as ClosedRange<Generation> {
            _ = try store.rotateKey()
            let milliseconds = Milliseconds(generation)
            try store.commit([.saveTokens(.ada, .example(generation), .example(after: milliseconds))])
        }
        #expect(try store.load(now: .start).accounts.map(\.tokens.generation) == [5, 1])
        try store.close()
        #expect(try fixture.load().accounts.map(\.tokens.generation) == [5, 1])
    }

    @Test func nothingOfTheOldWrappingIsLeft() throws {
        for round in 1...3 {
            let (wrapped, id) = (
                try wrapped(), try #require(try fixture.read("SELECT key_id FROM data_key", as: String.self))
            )
            #expect(try fixture.bytes(at: fixture.path).range(of: wrapped) != nil)
            _ = try rotate()
            for name in try names("state") {
                let bytes = try fixture.bytes(at: fixture.directory.file("state/\(name)"))
                // Not so much of it as AES has in a block.
                for start in stride(from: 0, to: wrapped.count - 16, by: 16) {
                    let piece = wrapped[(wrapped.startIndex + start)..<(wrapped.startIndex + start + 16)]
                    #expect(bytes.range(of: piece) == nil, "\(name), round \(round)")
                }
                #expect(!bytes.holds(id), "\(name), round \(round)")
            }
        }
    }

    @Test func formerKeyOpensABackup() throws {
        let backup = try fixture.bytes()
        let status = try rotate()
        try fixture.write(backup)
        let store = try fixture.open()
        #expect(try store.load(now: .start).accounts.count == 2)
        #expect(store.keyStatus.id != status.id)
        #expect(store.keyStatus.advice?.contains(".old-\(store.keyStatus.id)") == true)
        // And it is easily out of that state again.
        #expect(try store.rotateKey().id != status.id)
        #expect(store.keyStatus.advice == nil)
        try store.close()
        #expect(try fixture.load().accounts.count == 2)
    }

    /// One key file may be that of two databases.
    @Test func databaseThatSharesTheKeyFileIsNotLockedOut() throws {
        let other = fixture.directory.file("other/quartiled.db")
        func open() throws -> SQLiteTokenStore {
            try SQLiteTokenStore.open(at: other, keys: .file(fixture.keyPath), log: fixture.logs.logger)
        }
        try open().close()
        _ = try rotate()
        let store = try open()
        _ = try store.rotateKey()
        try store.close()
        #expect(try fixture.load().accounts.count == 2)
        _ = try rotate()
        try open().close()
    }

    @Test func copiesOfMigrationsAreRemoved() throws {
        let copy = fixture.path + ".before-v2"
        try fixture.put(fixture.bytes(), at: copy)
        _ = try rotate()
        #expect(try PrivateFiles.status(copy) == nil)
    }

    /// They are a way back, until the new key is taken.
    @Test func copiesOfMigrationsStayWhereTheKeyDoes() throws {
        let copy = fixture.path + ".before-v2"
        try fixture.put(fixture.bytes(), at: copy)
        let store = try fixture.open()
        try fixture.whileReading { #expect(throws: KeyRotationError.self) { try store.rotateKey() } }
        #expect(try PrivateFiles.status(copy) != nil)
        try store.close()
    }

    @Test func copyThatCannotBeRemovedIsNamed() throws {
        let copy = fixture.path + ".before-v2"
        try PrivateFiles.makeDirectory(copy)
        let advice = try rotate().advice
        #expect(advice?.contains("Remove \(copy)") == true)
    }

    @Test func keyFileThatCannotBeReplacedIsNotTheOneToBackUp() throws {
        let store = try fixture.open()
        let former = store.keyStatus.id
        #expect(chmod(fixture.keyPath, 0o644) == 0)
        let status = try store.rotateKey()
        let advice = try #require(status.advice)
        #expect(advice.contains("\(fixture.keyPath).next-\(status.id)"))
        #expect(!advice.contains("Back up the key file"))
        #expect(chmod(fixture.keyPath, 0o600) == 0)
        try store.close()
        #expect(try fixture.withStore { $0.keyStatus } == KeyStatus(source: .keyFile, id: status.id))
        #expect(try KeyFile(path: fixture.keyPath).key(withID: former) != KeyFile(path: fixture.keyPath).key())
    }

    /// From a file to a command: the file stays, and is named.
    @Test func keyFileThatIsTakenNoMoreIsNamed() throws {
        let store = try fixture.open(keys: try keys.sources(command: KeyText.makeKey(), wanted: .command))
        let advice = try #require(try store.rotateKey().advice)
        #expect(advice.contains("in \(fixture.keyPath): remove it with the last of them, unless another database"))
        try store.close()
    }

    @Test func noteStaysWhereARotationFails() throws {
        let store = try fixture.open(keys: try keys.sources(command: KeyText.makeKey(), wanted: .command))
        let before = store.keyStatus
        #expect(before.advice?.contains("key.source is command") == true)
        try fixture.whileReading { #expect(throws: KeyRotationError.self) { try store.rotateKey() } }
        #expect(store.keyStatus == before)
        try store.close()
    }

    @Test func commandThatFailsForNowIsToBeTriedAgain() throws {
        let store = try fixture.open(keys: keys.sources(line: "exit 3", wanted: .command))
        let error = #expect(throws: KeyRotationError.self) { try store.rotateKey() }
        guard case .notNow(let sentence)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(sentence.contains("key.command ended with 3"))
        try store.close()
    }

    @Test func databaseThatCannotBeWrittenKeepsItsKeyAndNoOtherIsLeft() throws {
        let store = try fixture.open()
        let before = try fixture.bytes()
        try fixture.whileReading {
            let error = #expect(throws: KeyRotationError.self) { try store.rotateKey() }
            guard case .storage(let sentence)? = error else {
                Issue.record("another outcome")
                return
            }
            #expect(sentence.contains(fixture.path))
        }
        #expect(try fixture.bytes() == before)
        #expect(try names("data") == ["key", "key.lock"])
        _ = try store.rotateKey()
        try store.close()
        #expect(try fixture.load().accounts.count == 2)
    }

    @Test func sourceWithNoNewKeyChangesNothing() throws {
        try keys.setCredential(KeyText.makeKey())
        for (wanted, sources) in [
            (KeySourceKind.credential, try keys.sources(wanted: .credential)),
            (.command, try keys.sources(command: KeyText.makeKey(), wanted: .command)),
        ] {
            let store = try fixture.open(keys: sources)
            _ = try store.rotateKey()
            #expect(store.keyStatus.source == wanted)
            let bytes = try fixture.bytes()
            let error = #expect(throws: KeyRotationError.self) { try store.rotateKey() }
            guard case .noNewKey(let sentence)? = error else {
                Issue.record("another outcome")
                return
            }
            #expect(sentence.contains("still"))
            #expect(try fixture.bytes() == bytes)
            try store.close()
        }
    }

    @Test func secondCredentialTakesOverAndBecomesTheFirst() throws {
        let (one, two) = (KeyText.makeKey(), KeyText.makeKey())
        try keys.setCredential(one)
        let sources = try keys.sources(wanted: .credential)
        try fixture.open(keys: sources).close()
        var store = try fixture.open(keys: sources)
        _ = try store.rotateKey()
        try store.close()

        try keys.setCredential(two, "quartiled.key.next")
        store = try fixture.open(keys: sources)
        let status = try store.rotateKey()
        #expect(status.id == WrappedDataKey.keyID(of: two))
        #expect(store.keyStatus.advice?.contains("quartiled.key.next") == true)
        try store.close()
        try fixture.open(keys: sources).close()

        try keys.setCredential(two)
        try keys.setCredential(nil, "quartiled.key.next")
        store = try fixture.open(keys: sources)
        #expect(store.keyStatus == KeyStatus(source: .credential, id: status.id))
        try store.close()
    }

    // MARK: - Cut off

    /// The power fails before any call that writes the database, with the key files as they are then: one key or the
    /// other opens it, and from then on all is in its place.
    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func powerLossAtAnyTimeLeavesADatabaseThatOpens(seed: UInt64) throws {
        var found: Set<String> = []
        let old = try #require(try fixture.read("SELECT key_id FROM data_key", as: String.self))
        for call in 0... {
            let machine = try copy()
            let store = try machine.open()
            let disk = FaultyDisk(machine.directory.file("state"), seed: seed &+ UInt64(call))
            // Watched from its next opening on.
            try store.close()
            let watched = try machine.open()
            let first = disk.count
            disk.fail((first + call)..<Int.max)
            let isDone = (try? watched.rotateKey()) != nil && disk.count <= first + call
            try watched.close()

            let restarted = try StoreFixture()
            try PrivateFiles.makeDirectory(restarted.directory.file("state"))
            try disk.copyAfterPowerLoss(to: restarted.directory.file("state"))
            for name in try FileManager.default.contentsOfDirectory(atPath: machine.directory.file("data")) {
                let path = "data/\(name)"
                try restarted.put(machine.bytes(at: machine.directory.file(path)), at: restarted.directory.file(path))
            }
            let opened = try restarted.open()
            #expect(try opened.load(now: .start).accounts.count == 2, "call \(call)")
            let id = opened.keyStatus.id
            #expect(!isDone || id != old, "a rotation that was done is undone, call \(call)")
            found.insert(id == old ? "old" : "new")
            _ = try opened.rotateKey()
            try opened.close()
            #expect(try restarted.load().accounts.count == 2, "call \(call)")
            if isDone { break }
        }
        #expect(found == ["old", "new"])
    }

    private func copy() throws -> StoreFixture {
        let copy = try StoreFixture()
        try copy.put(fixture.bytes(), at: copy.path)
        try copy.put(fixture.bytes(at: fixture.keyPath), at: copy.keyPath)
        return copy
    }
}
