import Foundation
import Glibc
import QuartileCore
import Testing

@testable import QuartileDaemon

/// Which key source a database is made with, opened with, and moved to.
struct StoreKeySourceTests {
    let fixture: StoreFixture
    let keys: KeySourcesFixture

    init() throws {
        fixture = try StoreFixture()
        keys = KeySourcesFixture(fixture)
    }

    // MARK: - A new database

    @Test func newDatabaseTakesTheFirstSourceThatIsSetUp() throws {
        let key = KeyText.makeKey()
        for (credential, command, expected) in [
            (key, key, KeySourceKind.credential), (key, nil, .credential), (nil, key, .command), (nil, nil, .keyFile),
        ] as [(Secret?, Secret?, KeySourceKind)] {
            let fixture = try StoreFixture()
            let keys = KeySourcesFixture(fixture)
            try keys.setCredential(credential)
            try open(fixture, try keys.sources(command: command)).close()
            #expect(try fixture.read("SELECT source FROM data_key") == expected.rawValue)
            #expect((try PrivateFiles.status(fixture.keyPath) == nil) == (expected != .keyFile))
        }
    }

    @Test(arguments: KeySourceKind.allCases)
    func newDatabaseTakesTheSourceThatIsNamed(kind: KeySourceKind) throws {
        let key = KeyText.makeKey()
        try keys.setCredential(key)
        try open(fixture, try keys.sources(command: key, wanted: kind)).close()
        #expect(try fixture.read("SELECT source FROM data_key") == kind.rawValue)
    }

    @Test func sourceThatIsNamedAndGivesNothingLeavesNoDatabase() throws {
        for kind in [KeySourceKind.credential, .command] {
            guard case .wrongKey? = refusal({ try open(fixture, try keys.sources(wanted: kind)) }) else {
                Issue.record("not refused")
                return
            }
            #expect(try PrivateFiles.status(fixture.path) == nil)
            #expect(try PrivateFiles.status(fixture.keyPath) == nil)
        }
    }

    @Test func commandThatFailsIsForLater() throws {
        guard case .keyNotReady(let sentence)? = refusal({ try open(fixture, keys.sources(line: "exit 3")) }) else {
            Issue.record("another outcome")
            return
        }
        #expect(sentence.contains("key.command ended with 3"))
        #expect(try PrivateFiles.status(fixture.path) == nil)
    }

    // MARK: - A database that is there

    @Test(arguments: [KeySourceKind.credential, .command])
    func databaseIsOpenedWithTheSourceThatItRecords(kind: KeySourceKind) throws {
        let key = KeyText.makeKey()
        let other = KeyText.makeKey()
        try keys.setCredential(kind == .credential ? key : nil)
        let sources = { try self.keys.sources(command: kind == .command ? key : other) }
        try withStore(try sources()) { try $0.commit([.put()]) }
        // A source that comes first for a new database, and another key there.
        if kind == .command { try keys.setCredential(other) }
        _ = try KeyFile(path: fixture.keyPath).keyForNewDatabase()
        try withStore(try sources()) { store in
            let names = try store.load(now: .start).accounts.map(\.account.name)
            #expect(names == [.ada])
            #expect(store.keyStatus.source == kind)
            #expect(store.keyStatus.id == WrappedDataKey.keyID(of: key))
            let expected: String? = kind == .command ? "A systemd credential is set up" : nil
            #expect(store.keyStatus.advice?.hasPrefix(expected ?? "?") ?? (expected == nil))
        }
    }

    @Test(arguments: KeySourceKind.allCases)
    func wrongKeyIsRefusedAndNothingChanges(kind: KeySourceKind) throws {
        let key = KeyText.makeKey()
        try keys.setCredential(key)
        try withStore(try keys.sources(command: key, wanted: kind)) { try $0.commit([.put()]) }
        let before = try fixture.bytes()
        let needed = try #require(try fixture.read("SELECT key_id FROM data_key", as: String.self))
        let wrong = KeyText.makeKey()
        try keys.setCredential(wrong)
        if kind == .keyFile { try fixture.put(KeyText.text(of: wrong), at: fixture.keyPath) }
        for wanted in [nil, kind] {
            let error = refusal { try open(fixture, try keys.sources(command: wrong, wanted: wanted)) }
            guard case .wrongKey(let sentence)? = error else {
                Issue.record("not refused: \(String(describing: error))")
                return
            }
            for id in [needed, WrappedDataKey.keyID(of: wrong)] {
                #expect(sentence.contains(id), "\(sentence)")
            }
            #expect(sentence.contains("nothing was changed"))
            #expect(try fixture.bytes() == before)
        }
    }

    @Test(arguments: KeySourceKind.allCases)
    func missingKeyIsRefusedAndNothingChanges(kind: KeySourceKind) throws {
        let key = KeyText.makeKey()
        try keys.setCredential(key)
        try withStore(try keys.sources(command: key, wanted: kind)) { try $0.commit([.put()]) }
        let before = try fixture.bytes()
        try keys.setCredential(nil)
        if kind == .keyFile { try PrivateFiles.remove(fixture.keyPath) }
        guard case .wrongKey? = refusal({ try open(fixture, try keys.sources()) }) else {
            Issue.record("not refused")
            return
        }
        #expect(try fixture.bytes() == before)
        #expect(try PrivateFiles.status(fixture.keyPath) == nil || kind != .keyFile)
    }

    // MARK: - Another source

    /// The setting names a source to which the database is still to be moved: it is served, and the user is told.
    @Test func sourceThatIsNamedAndHasAnotherKeyIsAPlan() throws {
        try fixture.commit(.put())
        try keys.setCredential(KeyText.makeKey())
        for wanted in [KeySourceKind.credential, .command] {
            try withStore(try keys.sources(wanted: wanted)) { store in
                let count = try store.load(now: .start).accounts.count
                #expect(count == 1)
                #expect(store.keyStatus.source == .keyFile)
                #expect(store.keyStatus.advice?.contains("quartilectl key rotate") == true)
            }
            #expect(fixture.logs.messages.contains("warning: there is something to do about the key"))
        }
        #expect(try fixture.read("SELECT source FROM data_key") == "key_file")
    }

    @Test func keyThatWasMovedByHandIsTaken() throws {
        try fixture.commit(.put())
        let key = try KeyFile(path: fixture.keyPath).key()
        try keys.setCredential(key)
        try PrivateFiles.remove(fixture.keyPath)
        guard case .wrongKey? = refusal({ try open(fixture, try keys.sources()) }) else {
            Issue.record("taken though nothing names it")
            return
        }
        try withStore(try keys.sources(wanted: .credential)) { store in
            #expect(store.keyStatus == KeyStatus(source: .credential, id: WrappedDataKey.keyID(of: key)))
        }
        // Recorded: the setting is not needed any more.
        try withStore(try keys.sources()) { store in #expect(store.keyStatus.source == .credential) }
    }

    @Test(
        arguments: KeySourceKind.allCases.flatMap { from in
            KeySourceKind.allCases.filter { $0 != from }.map { (from, $0) }
        }
    )
    func rotationMovesTheDatabaseToTheSourceThatIsNamed(from: KeySourceKind, to: KeySourceKind) throws {
        let former = KeyText.makeKey()
        let new = KeyText.makeKey()
        try keys.setCredential(from == .credential ? former : new)
        let command = from == .command ? former : new
        try withStore(try keys.sources(command: command, wanted: from)) { try $0.commit([.put()]) }
        try withStore(try keys.sources(command: command, wanted: to)) { store in
            #expect(store.keyStatus.source == from)
            let status = try store.rotateKey()
            #expect(status.source == to)
            #expect(store.keyStatus == KeyStatus(source: to, id: status.id))
            #expect(to == .keyFile || status.id == WrappedDataKey.keyID(of: new))
            #expect(status.advice?.contains("Backups") == true || status.advice?.contains("backups") == true)
        }
        // The former source is not needed any more.
        try keys.setCredential(to == .credential ? new : nil)
        if to != .keyFile { try? PrivateFiles.remove(fixture.keyPath) }  // there is one only where it was the former
        try withStore(try keys.sources(command: to == .command ? new : nil)) { store in
            #expect(store.keyStatus.source == to)
            let names = try store.load(now: .start).accounts.map(\.account.name)
            #expect(names == [.ada])
        }
    }

    private func open(_ fixture: StoreFixture, _ sources: KeySources) throws -> SQLiteTokenStore {
        try fixture.open(keys: sources)
    }

    private func withStore(_ sources: KeySources, _ body: (SQLiteTokenStore) throws -> Void) throws {
        let store = try fixture.open(keys: sources)
        do {
            try body(store)
        } catch {
            try store.close()
            throw error
        }
        try store.close()
    }
}

/// Key sources beside a database: a directory of credentials, commands, and the fixture's key file.
struct KeySourcesFixture {
    private let fixture: StoreFixture

    init(_ fixture: StoreFixture) { self.fixture = fixture }

    /// Puts a key into a credential, or takes the credential away.
    func setCredential(_ key: Secret?, _ name: String = "quartiled.key") throws {
        let path = fixture.directory.file("credentials/\(name)")
        guard let key else { return try PrivateFiles.remove(path) }
        try fixture.put(KeyText.text(of: key), at: path)
    }

    /// The sources, with a command that prints this key.
    func sources(command key: Secret? = nil, wanted: KeySourceKind? = nil) throws -> KeySources {
        guard let key else { return sources(line: nil, wanted: wanted) }
        let path = fixture.directory.file("secret-\(WrappedDataKey.keyID(of: key))")
        try fixture.put(KeyText.text(of: key), at: path)
        return sources(line: "cat '\(path)'", wanted: wanted)
    }

    func sources(line: String?, wanted: KeySourceKind? = nil) -> KeySources {
        KeySources(
            file: KeyFile(path: fixture.keyPath),
            credential: KeyCredential(
                environment: ["CREDENTIALS_DIRECTORY": fixture.directory.file("credentials")]
            ),
            command: KeyCommand(
                line: line,
                environment: ["PATH": "/usr/bin:/bin"],
                stop: StopRequest(),
                log: fixture.logs.logger
            ),
            wanted: wanted
        )
    }
}
