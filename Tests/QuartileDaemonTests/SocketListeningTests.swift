import Foundation
import Glibc
import Testing

@testable import QuartileDaemon

@Suite struct SocketListeningTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// Binds, and closes what was bound once `body` is through.
    private func bind(_ path: String, _ body: (ListeningSocket) throws -> Void = { _ in }) throws {
        let listening = try ListeningSocket.bind(path)
        defer { close(listening.descriptor) }
        try body(listening)
    }

    private func error(_ path: String) throws -> ListeningSocketError {
        try #require(#expect(throws: ListeningSocketError.self) { try bind(path) })
    }

    private func status(_ path: String) -> stat? {
        var status = stat()
        return lstat(path, &status) == 0 ? status : nil
    }

    @Test func aSocketIsMadeForTheOwnerOnlyInADirectoryForTheOwnerOnly() throws {
        let path = directory.file("a/b/quartiled.sock")
        try bind(path) { listening in
            #expect(listening.path == path)
            #expect(try #require(status(path)).st_mode == S_IFSOCK | 0o600)
            #expect(try #require(status(path + ".lock")).st_mode == S_IFREG | 0o600)
            for made in ["a", "a/b"] {
                #expect(try #require(status(directory.file(made))).st_mode == S_IFDIR | 0o700)
            }
            #expect(fcntl(listening.descriptor, F_GETFD) == FD_CLOEXEC)
            _ = try SocketTestClient(path)
        }
    }

    @Test func aSocketThatNothingListensOnIsReplaced() throws {
        let path = directory.file("socket")
        try bind(path)
        #expect(throws: SocketTestClient.End.failed(ECONNREFUSED)) { try SocketTestClient(path) }
        try bind(path) { _ in _ = try SocketTestClient(path) }
    }

    @Test func aSecondDaemonIsRefusedAndTheFirstUndisturbed() throws {
        let path = directory.file("socket")
        try bind(path) { _ in
            #expect(
                try error(path) == .inUse("Process \(getpid()) is running with this already and holds \(path).lock.")
            )
            _ = try SocketTestClient(path)
        }
    }

    @Test func aSocketThatSomebodyListensOnIsLeftAloneEvenWithItsLockFree() throws {
        let path = directory.file("socket")
        let other = try #require(SocketTestServer.listeningSocket(at: path))
        defer { close(other) }
        #expect(try error(path) == .inUse("process \(getpid()) listens on \(path) already"))
        _ = try SocketTestClient(path)
    }

    @Test func aSocketWithAFullQueueIsInUse() throws {
        let path = directory.file("socket")
        let other = try #require(SocketTestServer.listeningSocket(at: path))
        defer { close(other) }
        try #require(listen(other, 0) == 0)
        let client = try SocketTestClient(path)
        #expect(try error(path) == .inUse("another process listens on \(path) already"))
        client.close()
    }

    @Test func whatIsNoSocketIsLeftAlone() throws {
        try directory.write("precious", to: "file")
        try #require(mkdir(directory.file("directory"), 0o700) == 0)
        try #require(symlink(directory.file("file"), directory.file("link")) == 0)
        for name in ["file", "directory", "link"] {
            let path = directory.file(name)
            #expect(
                try error(path)
                    == .unusable("\(path) is not a socket and is left alone; name another path with --socket")
            )
            #expect(status(path) != nil)
        }
        #expect(try String(contentsOfFile: directory.file("file"), encoding: .utf8) == "precious")
    }

    @Test func aSocketOfAnotherKindIsLeftAlone() throws {
        let path = directory.file("datagram")
        let other = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0)
        defer { close(other) }
        try #require(try UnixAddress(path).bind(other))
        #expect(try error(path).description.contains("name another path with --socket"))
        #expect(status(path) != nil)
    }

    @Test func aDirectoryThatOthersMayWriteToIsRefused() throws {
        let path = directory.file("shared")
        try #require(mkdir(path, 0o700) == 0)
        for mode: mode_t in [0o770, 0o707, 0o1777] {
            try #require(chmod(path, mode) == 0)
            #expect(try error(path + "/socket").description.contains("chmod go-w it"))
            #expect(status(path + "/socket.lock") == nil)
        }
        try #require(chmod(path, 0o755) == 0)
        try bind(path + "/socket")
    }

    @Test func aDirectoryIsJudgedByModeAndOwner() {
        func complaint(_ mode: mode_t, _ owner: uid_t) -> String? {
            SocketDirectory.complaint("/d", mode: mode, owner: owner, user: 1_000)
        }
        #expect(complaint(S_IFDIR | 0o700, 1_000) == nil)
        #expect(complaint(S_IFDIR | 0o755, 0) == nil)
        #expect(complaint(S_IFDIR | 0o700, 1_001)?.contains("belongs to uid 1001") == true)
        #expect(complaint(S_IFREG | 0o700, 1_000)?.contains("is not a directory") == true)
    }

    @Test func aDirectoryThatCannotBeMadeIsAnError() throws {
        let file = try directory.write("", to: "file")
        #expect(try error(file + "/socket").description.contains("not a directory"))
        #expect(try error(file + "/deeper/socket").description.contains("Not a directory"))
        #expect(try error("/proc/quartiled/socket").description.contains("/proc/quartiled can't be made"))
    }

    @Test(arguments: ["", "/" + String(repeating: "x", count: 107), "/a\0b"])
    func aPathThatFitsNoSocketIsAnError(path: String) throws {
        #expect(try error(path) == .unusable("the socket path must have 1 to 107 bytes, and no zero among them"))
    }

    @Test func onlyOurOwnFileIsRemoved() throws {
        let path = directory.file("socket")
        try bind(path) { listening in
            try #require(rename(path, path + ".moved") == 0)
            try directory.write("another's", to: "socket")
            listening.removeFile()
            #expect(status(path) != nil)
            try #require(unlink(path) == 0 && rename(path + ".moved", path) == 0)
            listening.removeFile()
            #expect(status(path) == nil)
            #expect(status(path + ".lock") != nil)
            listening.removeFile()
        }
    }
}
