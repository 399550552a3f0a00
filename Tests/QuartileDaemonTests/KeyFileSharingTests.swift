import Dispatch
import Foundation
import Glibc
import QuartileCore
import Synchronization
import Testing

@testable import QuartileDaemon

/// One key file for the databases of several daemons, which replace their keys at any time, also at once.
struct KeyFileSharingTests {
    let directory: TemporaryDirectory
    var path: String { directory.file("keys/key") }

    init() throws { directory = try TemporaryDirectory() }

    private func id(_ key: Secret) -> String { WrappedDataKey.keyID(of: key) }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.file("keys")).sorted()
    }

    /// What each of two databases takes is found after every round, in whatever order their calls fell.
    @Test func noKeyIsLostWhereTwoAreReplacedAtOnce() throws {
        let rounds = 100
        let first = try KeyFile(path: path).keyForNewDatabase()
        let path = path
        for round in 0..<rounds {
            let taken = Mutex<[Secret]>([])
            let problems = Mutex<[String]>([])
            DispatchQueue.concurrentPerform(iterations: 2) { _ in
                do {
                    let file = KeyFile(path: path)
                    let new = try file.successor(ofKeyWithID: WrappedDataKey.keyID(of: first))
                    try file.settle(onKeyWithID: WrappedDataKey.keyID(of: new))
                    taken.withLock { $0.append(new) }
                } catch {
                    problems.withLock { $0.append("\(error)") }
                }
            }
            #expect(problems.withLock { $0 } == [])
            let keys = taken.withLock { $0 }
            for key in keys + [first] {
                #expect(try KeyFile(path: path).key(withID: id(key)) == key, "round \(round)")
            }
            #expect(keys.contains(try KeyFile(path: path).key()), "round \(round)")
        }
        // Nothing was left half done, and every key of every round is there still.
        #expect(try names().filter { $0.contains(".next-") } == [])
        #expect(try names().filter { $0.contains(".old-") }.count == 2 * rounds)
    }

    /// While another process holds the lock for longer than is waited, all stays as it is, and each key is found.
    @Test func lockThatIsHeldForLongLeavesAllAsItIs() throws {
        var file = KeyFile(path: path)
        file.patience = 50
        let old = try file.keyForNewDatabase()
        let new = try file.successor(ofKeyWithID: id(old))
        let lock = try LockFile.acquire("\(path).lock")
        let error = #expect(throws: KeySourceError.self) { try file.settle(onKeyWithID: id(new)) }
        #expect(error?.sentence.contains("\(path).lock") == true)
        #expect(throws: KeySourceError.self) { try file.successor(ofKeyWithID: id(old)) }
        withExtendedLifetime(lock) {}
        #expect(try names() == ["key", "key.lock", "key.next-\(id(new))"])
        #expect(try file.key() == old)
        #expect(try file.key(withID: id(new)) == new)
    }

    /// On file systems without hard links, too, where another process's first key stays.
    @Test(arguments: PrivateFiles.Naming.allCases)
    func firstKeyOfAnotherProcessIsNeverReplaced(way: PrivateFiles.Naming) throws {
        let present = try directory.write("present", to: "present")
        var draft = try directory.write("second", to: "draft")
        #expect(try PrivateFiles.nameUnlessTaken(draft, present, by: [way]) == .taken)
        #expect(try String(contentsOfFile: present, encoding: .utf8) == "present")
        draft = try directory.write("draft", to: "draft")
        let absent = directory.file("absent")
        #expect(try PrivateFiles.nameUnlessTaken(draft, absent, by: [way]) == .named)
        #expect(try String(contentsOfFile: absent, encoding: .utf8) == "draft")
    }
}
