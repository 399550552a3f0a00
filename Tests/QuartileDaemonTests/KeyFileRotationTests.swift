import Foundation
import Glibc
import QuartileCore
import Testing

@testable import QuartileDaemon

/// A key file whose key is replaced: the key that a database takes is always found.
struct KeyFileRotationTests {
    let directory: TemporaryDirectory
    let old: Secret
    var path: String { directory.file("keys/key") }
    var file: KeyFile { KeyFile(path: path) }

    init() throws {
        directory = try TemporaryDirectory()
        old = try KeyFile(path: directory.file("keys/key")).keyForNewDatabase()
    }

    private func id(_ key: Secret) -> String { WrappedDataKey.keyID(of: key) }

    /// Without the lock, which stays.
    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.file("keys")).sorted().filter { $0 != "key.lock" }
    }

    @Test func newKeyTakesThePlaceOfTheOldAndBothAreFound() throws {
        let new = try file.successor(ofKeyWithID: id(old))
        #expect(new.count == 32 && new != old)
        #expect(try names() == ["key", "key.next-\(id(new))"])
        #expect(try file.key() == old)
        #expect(try file.key(withID: id(new)) == new)
        #expect(try file.key(withID: id(old)) == old)

        try file.settle(onKeyWithID: id(new))
        #expect(try names() == ["key", "key.old-\(id(old))"])
        #expect(try file.key() == new)
        #expect(try file.key(withID: id(new)) == new)
        #expect(try file.key(withID: id(old)) == old)
        for name in try names() {
            #expect(try PrivateFiles.status(directory.file("keys/\(name)")).map { $0.st_mode & 0o7777 } == 0o600)
        }
    }

    @Test func keyThatNoDatabaseTookIsWithdrawn() throws {
        let new = try file.successor(ofKeyWithID: id(old))
        try file.withdraw(keyWithID: id(new))
        #expect(try names() == ["key"])
        #expect(try file.key() == old)
    }

    @Test func settlingAgainOrOnTheKeyInPlaceChangesNothing() throws {
        try file.settle(onKeyWithID: id(old))
        #expect(try names() == ["key"])
        let new = try file.successor(ofKeyWithID: id(old))
        try file.settle(onKeyWithID: id(new))
        let before = try names()
        try file.settle(onKeyWithID: id(new))
        #expect(try names() == before)
    }

    /// A kill between the two halves of `settle`, and one after both names led to one file.
    @Test func settlingHalfDoneIsFinished() throws {
        let new = try file.successor(ofKeyWithID: id(old))
        #expect(link(path, "\(path).old-\(id(old))") == 0)
        try file.settle(onKeyWithID: id(new))
        #expect(try names() == ["key", "key.old-\(id(old))"])
        #expect(link(path, "\(path).next-\(id(new))") == 0)
        try file.settle(onKeyWithID: id(new))
        #expect(try names() == ["key", "key.old-\(id(old))"])
        #expect(try file.key() == new)
    }

    @Test func successorOfAnotherDatabaseIsLeftAlone() throws {
        let other = try file.successor(ofKeyWithID: id(old))
        let new = try file.successor(ofKeyWithID: id(old))
        try file.settle(onKeyWithID: id(new))
        #expect(try file.key(withID: id(other)) == other)
        try file.settle(onKeyWithID: id(other))
        for key in [old, new, other] { #expect(try file.key(withID: id(key)) == key) }
        #expect(try file.key() == other)
    }

    @Test func symbolicLinkStaysOne() throws {
        let link = directory.file("link")
        #expect(symlink("keys/key", link) == 0)
        let linked = KeyFile(path: link)
        let new = try linked.successor(ofKeyWithID: id(old))
        try linked.settle(onKeyWithID: id(new))
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "keys/key")
        #expect(try file.key() == new)
        #expect(try linked.key(withID: id(old)) == old)
    }

    @Test func missingFileIsMadeOfTheSuccessor() throws {
        try PrivateFiles.remove(path)
        let new = try file.successor(ofKeyWithID: nil)
        #expect(try file.key(withID: id(new)) == new)
        try file.settle(onKeyWithID: id(new))
        #expect(try names() == ["key"])
    }

    @Test func fileThatHoldsNoKeyIsNotReplaced() throws {
        try directory.write("not a key\n", to: "keys/key")
        #expect(chmod(path, 0o600) == 0)
        let new = try file.successor(ofKeyWithID: id(old))
        #expect(throws: KeySourceError.self) { try file.settle(onKeyWithID: id(new)) }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "not a key\n")
        #expect(try file.key(withID: id(new)) == new)
        #expect(file.advice(onKeyWithID: id(new))?.contains("key.next-\(id(new))") == true)
    }

    @Test func formerKeyIsNeverWrittenOver() throws {
        let new = try file.successor(ofKeyWithID: id(old))
        try directory.write("something else", to: "keys/key.old-\(id(old))")
        #expect(chmod("\(path).old-\(id(old))", 0o600) == 0)
        #expect(throws: KeySourceError.self) { try file.settle(onKeyWithID: id(new)) }
        #expect(try file.key() == old)
        #expect(try file.key(withID: id(new)) == new)
    }

    @Test func directoryThatCannotBeWrittenToLeavesAllAsItIs() throws {
        #expect(chmod(directory.path, 0o755) == 0)
        #expect(chmod(directory.file("keys"), 0o555) == 0)
        let error = try withoutPrivilege { () -> KeySourceError? in
            do throws(KeySourceError) {
                _ = try file.successor(ofKeyWithID: id(old))
                return nil
            } catch {
                return error
            }
        }
        guard case .unwritable(let sentence)? = error else {
            Issue.record("not refused: \(String(describing: error))")
            return
        }
        #expect(sentence.contains(path))
        #expect(try names() == ["key"])
    }

    @Test func advice() throws {
        let new = try file.successor(ofKeyWithID: id(old))
        try file.settle(onKeyWithID: id(new))
        #expect(file.advice(onKeyWithID: id(new)) == nil)
        #expect(file.advice(onKeyWithID: id(old))?.contains("quartilectl key rotate") == true)
        #expect(file.adviceOnBackups(withKeyWithID: id(new))?.contains("\(path) again") == true)
        #expect(file.adviceOnFormerKey(withID: id(old)).contains("\(path).old-\(id(old)): remove"))
        try PrivateFiles.remove("\(path).old-\(id(old))")
        #expect(!file.adviceOnFormerKey(withID: id(old)).contains("remove"))
    }

    /// What can't take its place is what there is to back up, and the former key is where it was.
    @Test func adviceNamesTheFilesAsTheyAre() throws {
        #expect(chmod(path, 0o644) == 0)
        let new = try file.successor(ofKeyWithID: id(old))
        #expect(throws: KeySourceError.self) { try file.settle(onKeyWithID: id(new)) }
        let next = "\(path).next-\(id(new))"
        let advice = try #require(file.adviceOnBackups(withKeyWithID: id(new)))
        #expect(advice.contains("the key in \(next) alone"))
        #expect(!advice.contains("Back up the key file \(path) again"))
        #expect(file.adviceOnFormerKey(withID: id(old)).contains("in \(path): remove"))
        // At the next start, mended, all is in its place.
        #expect(chmod(path, 0o600) == 0)
        try file.settle(onKeyWithID: id(new))
        #expect(file.advice(onKeyWithID: id(new)) == nil)
    }

    /// Only what can't hold a key that a database takes is removed.
    @Test func emptySuccessorsAreRemovedAndOthersStay() throws {
        let other = try file.successor(ofKeyWithID: id(old))
        let kept = ["key.next-mine", "key.old-0123456789abcdef", "key.next-\(id(other))"]
        for name in ["key.next-0123456789abcdef"] + kept.dropLast() { try directory.write("", to: "keys/\(name)") }
        let new = try file.successor(ofKeyWithID: id(old))
        #expect(try names() == (["key", "key.next-\(id(new))"] + kept).sorted())
    }
}
