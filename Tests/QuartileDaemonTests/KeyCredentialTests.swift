import Foundation
import Glibc
import QuartileCore
import Testing

@testable import QuartileDaemon

/// Credentials, as files in the directory where systemd puts them.
struct KeyCredentialTests {
    let directory: TemporaryDirectory
    let one = KeyText.makeKey()
    let two = KeyText.makeKey()

    init() throws { directory = try TemporaryDirectory() }

    private var source: KeyCredential { KeyCredential(environment: ["CREDENTIALS_DIRECTORY": directory.path]) }

    private func put(_ key: Secret, _ name: String) throws {
        let text = String(decoding: KeyText.text(of: key), as: UTF8.self)
        try directory.write(text, to: name)
        // As systemd leaves them for a service with a user of its own.
        #expect(chmod(directory.file(name), 0o440) == 0)
    }

    private func id(_ key: Secret) -> String { WrappedDataKey.keyID(of: key) }

    private func problem<Value>(_ body: () throws(KeySourceError) -> Value) -> String? {
        do throws(KeySourceError) {
            _ = try body()
            return nil
        } catch {
            guard case .unusable(let sentence) = error else { return nil }
            return sentence
        }
    }

    @Test func keyIsReadFromTheCredential() throws {
        try put(one, "quartiled.key")
        #expect(source.isThere)
        #expect(try source.keyForNewDatabase() == one)
        #expect(try source.key(withID: id(one)) == one)
        #expect(source.advice(onKeyWithID: id(one)) == nil)
    }

    @Test(arguments: [[:], ["CREDENTIALS_DIRECTORY": ""], ["CREDENTIALS_DIRECTORY": "."]])
    func withoutADirectoryThereIsNone(environment: [String: String]) {
        let source = KeyCredential(environment: environment)
        #expect(!source.isThere)
        #expect(
            problem { () throws(KeySourceError) in try source.keyForNewDatabase() }?.contains("LoadCredential=") == true
        )
    }

    /// It counts as set up, so that a new database does not take another key without a word.
    @Test func directoryThatCannotBeEnteredIsRefused() throws {
        #expect(chmod(directory.path, 0) == 0)
        let sentence = try withoutPrivilege {
            #expect(source.isThere)
            return problem { () throws(KeySourceError) in try source.keyForNewDatabase() }
        }
        #expect(sentence?.contains("can't be read: Permission denied") == true)
        #expect(chmod(directory.path, 0o700) == 0)
    }

    @Test func missingCredentialIsNamed() {
        #expect(!source.isThere)
        let sentence = problem { () throws(KeySourceError) in try source.key(withID: id(one)) }
        #expect(sentence?.contains("quartiled.key") == true)
    }

    @Test(arguments: ["", "x", String(repeating: "A", count: 44), String(repeating: "A", count: 47)])
    func credentialThatHoldsNoKeyIsRefused(text: String) throws {
        try directory.write(text, to: "quartiled.key")
        let sentence = problem { () throws(KeySourceError) in try source.key(withID: id(one)) }
        #expect(sentence?.contains("does not hold a key") == true)
        #expect(sentence?.contains("AAAA") == false)
    }

    @Test func wrongKeyIsGivenForTheCallerToTell() throws {
        try put(one, "quartiled.key")
        #expect(try source.key(withID: id(two)) == one)
    }

    @Test func secondCredentialIsTheSuccessor() throws {
        try put(one, "quartiled.key")
        try put(two, "quartiled.key.next")
        #expect(try source.successor(ofKeyWithID: id(one)) == two)
        #expect(try source.key(withID: id(two)) == two)
        #expect(try source.key(withID: id(one)) == one)
        #expect(source.advice(onKeyWithID: id(two))?.contains("quartiled.key.next") == true)
    }

    @Test func onlyTheSecondIsLeft() throws {
        try put(two, "quartiled.key.next")
        #expect(try source.key(withID: id(two)) == two)
        #expect(problem { () throws(KeySourceError) in try source.key(withID: id(one)) } != nil)
    }

    @Test func firstIsTheSuccessorOfTheSecond() throws {
        try put(one, "quartiled.key")
        try put(two, "quartiled.key.next")
        #expect(try source.successor(ofKeyWithID: id(two)) == one)
    }

    @Test func sameKeyIsNoSuccessorUnlessItWasAnotherSources() throws {
        try put(one, "quartiled.key")
        let sentence = problem { () throws(KeySourceError) in try source.successor(ofKeyWithID: id(one)) }
        #expect(sentence?.contains("LoadCredential=quartiled.key.next:") == true)
        #expect(try source.successor(ofKeyWithID: nil) == one)
    }
}
