import Foundation
import Glibc
import QuartileCore
import Testing

@testable import QuartileDaemon

struct KeyFileTests {
    let directory: TemporaryDirectory
    var path: String { directory.file("a/b/key") }
    var file: KeyFile { KeyFile(path: path) }

    init() throws { directory = try TemporaryDirectory() }

    @Test func newKeyIsThirtyTwoBytesInAFileOfItsOwn() throws {
        let key = try file.keyForNewDatabase()
        #expect(key.count == 32)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text == key.withBytes { Data($0).base64EncodedString() } + "\n")
        #expect(try PrivateFiles.status(path).map { $0.st_mode & 0o7777 } == 0o600)
        #expect(try PrivateFiles.status(directory.file("a")).map { $0.st_mode & 0o7777 } == 0o700)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: directory.file("a/b")).sorted() == ["key", "key.lock"]
        )
    }

    @Test func keyIsTheSameEachTime() throws {
        let key = try file.keyForNewDatabase()
        #expect(try file.key() == key)
        #expect(try file.keyForNewDatabase() == key)
    }

    @Test func keysDiffer() throws {
        #expect(try file.keyForNewDatabase() != KeyFile(path: directory.file("other")).keyForNewDatabase())
    }

    @Test func newlineMayBeMissing() throws {
        try directory.write(text, to: "key")
        #expect(try KeyFile(path: directory.file("key")).key() == Secret(bytes: Array(repeating: 7, count: 32)))
    }

    @Test func missingKeyIsNamedAndNotMade() throws {
        #expect(throws: KeySourceError.self) { try file.key() }
        #expect(problem { try file.key() }?.contains(path) == true)
        #expect(try PrivateFiles.status(path) == nil)
    }

    private var text: String { Data(repeating: 7, count: 32).base64EncodedString() }

    @Test(arguments: [
        "", "\n", "x", "BwcH", "%\n\n", "%\r\n", " %", "% ", "%%", "% \n",
        "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH", "0707070707070707070707070707070707070707070707070707070707070707",
        "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc_", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH\n",
    ])
    func fileThatHoldsNoKeyIsRefusedAndLeftAsItIs(content: String) throws {
        let content = content.replacing("%", with: text)
        let path = try directory.write(content, to: "key")
        let sentence = problem { try KeyFile(path: path).key() }
        #expect(sentence?.contains(path) == true)
        #expect(sentence?.contains("does not hold a key") == true)
        #expect(problem { try KeyFile(path: path).keyForNewDatabase() } == sentence)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == content)
        #expect(text.isEmpty == false && sentence?.contains(text) == false)
    }

    @Test(arguments: [0o640, 0o604, 0o660, 0o644, 0o601] as [mode_t])
    func fileOpenToOthersIsRefused(mode: mode_t) throws {
        _ = try file.keyForNewDatabase()
        #expect(chmod(path, mode) == 0)
        #expect(problem { try file.key() }?.contains("chmod 600 \(path)") == true)
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
    func fileOfAnotherUserIsRefused() throws {
        _ = try file.keyForNewDatabase()
        #expect(chown(path, 12345, 0) == 0)
        #expect(problem { try file.key() }?.contains("belongs to uid 12345") == true)
    }

    @Test func unreadableFileIsRefused() throws {
        _ = try file.keyForNewDatabase()
        #expect(chmod(path, 0) == 0)
        let sentence = try withoutPrivilege { problem { try file.key() } }
        #expect(sentence?.contains("can't be read: Permission denied") == true)
    }

    @Test func directoryAndFifoAreRefused() throws {
        #expect(problem { try KeyFile(path: directory.path).key() }?.contains("not an ordinary file") == true)
        #expect(mkfifo(directory.file("fifo"), 0o600) == 0)
        #expect(problem { try KeyFile(path: directory.file("fifo")).key() }?.contains("not an ordinary file") == true)
    }

    @Test func keyThatCannotBeMadeIsNamed() throws {
        let source = KeyFile(path: "/proc/none/key")
        #expect(throws: KeySourceError.self) { try source.keyForNewDatabase() }
        #expect(problem { try source.keyForNewDatabase() }?.contains("/proc/none") == true)
    }

    @Test func draftOfACrashIsReplaced() throws {
        let path = directory.file("key")
        try directory.write("half", to: "key.new-\(getpid())")
        let key = try KeyFile(path: path).keyForNewDatabase()
        #expect(try KeyFile(path: path).key() == key)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == ["key", "key.lock"])
    }

    @Test func symbolicLinkIsFollowed() throws {
        let key = try file.keyForNewDatabase()
        #expect(symlink(path, directory.file("link")) == 0)
        #expect(try KeyFile(path: directory.file("link")).key() == key)
    }

    private func problem(_ body: () throws -> Secret) -> String? {
        do {
            _ = try body()
            return nil
        } catch KeySourceError.unusable(let sentence), KeySourceError.unwritable(let sentence) {
            return sentence
        } catch {
            return nil
        }
    }
}
