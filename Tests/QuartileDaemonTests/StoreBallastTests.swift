import Foundation
import Glibc
import Testing

@testable import QuartileDaemon

/// What stands at the ballast's place when the store is opened.
struct StoreBallastTests {
    let fixture: StoreFixture
    var ballast: String { fixture.path + ".ballast" }
    let warning = "warning: no space can be held for tokens, should the disk be full"

    init() throws {
        fixture = try StoreFixture()
        try fixture.commit(.put())
        try PrivateFiles.remove(ballast)
    }

    @Test func oneThatACrashCutOffIsCompleted() throws {
        try fixture.put([UInt8](repeating: 0, count: 5000), at: ballast)
        try fixture.open().close()
        try expectWhole()
    }

    @Test func oneThatIsSparseIsFilled() throws {
        try fixture.put([], at: ballast)
        #expect(truncate(ballast, 1 << 20) == 0)
        try fixture.open().close()
        try expectWhole()
    }

    @Test func oneThatIsOpenToOthersIsClosed() throws {
        try fixture.open().close()
        #expect(chmod(ballast, 0o644) == 0)
        try fixture.open().close()
        try expectWhole()
    }

    @Test func directoryIsLeftAloneAndTheStoreDoesWithout() throws {
        try PrivateFiles.makeDirectory(ballast)
        try fixture.open().close()
        #expect(fixture.logs.messages == [warning])
        #expect(try PrivateFiles.status(ballast).map { $0.st_mode & S_IFMT } == S_IFDIR)
    }

    @Test func symbolicLinkIsNotFollowed() throws {
        let target = fixture.directory.file("target")
        try fixture.put(Array("mine".utf8), at: target)
        #expect(symlink(target, ballast) == 0)
        try fixture.open().close()
        #expect(fixture.logs.messages == [warning])
        #expect(try fixture.bytes(at: target) == Data("mine".utf8))
    }

    private func expectWhole() throws {
        let status = try #require(try PrivateFiles.status(ballast))
        #expect(status.st_size == 1 << 20 && status.st_blocks * 512 >= 1 << 20)
        #expect(status.st_mode & 0o7777 == 0o600)
        #expect(fixture.logs.messages.isEmpty)
    }
}
