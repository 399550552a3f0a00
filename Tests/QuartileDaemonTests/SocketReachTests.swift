import Foundation
import Glibc
import Testing

@testable import QuartileDaemon

/// Whether it is said, and of which directory, that listed users don't get to the socket.
@Suite struct SocketReachTests {
    /// No user of any machine, in no group.
    private let stranger: uid_t = 3_000_000_001
    private let directory: TemporaryDirectory
    private var socket: String { directory.file("a/b/socket") }

    init() throws {
        directory = try TemporaryDirectory()
        for name in ["a", "a/b"] { try #require(mkdir(directory.file(name), 0o755) == 0) }
        try #require(chmod(directory.path, 0o755) == 0)
    }

    private func bind() throws -> ListeningSocket { try ListeningSocket.bind(socket, for: [stranger]) }

    @Test func withEveryDirectoryOpenNothingKeepsThemOut() throws {
        let listening = try bind()
        defer { close(listening.descriptor) }
        #expect(listening.whatKeepsOut([stranger]) == nil)
        #expect(listening.whatKeepsOut([]) == nil)
    }

    @Test(arguments: ["", "/a"])
    func aClosedDirectoryAboveIsNamedWithTheRemedy(closed: String) throws {
        try #require(chmod(directory.path + closed, 0o700) == 0)
        let listening = try bind()
        defer { close(listening.descriptor) }
        let reason = try #require(listening.whatKeepsOut([stranger]))
        #expect(reason.hasPrefix("the directory \(directory.path)\(closed) does not let uid \(stranger) through;"))
        #expect(reason.contains("/run/quartiled/quartiled.sock"))
        #expect(listening.whatKeepsOut([0, geteuid()]) == nil, "nothing stops them")
    }

    @Test func theDirectoryOfTheSocketIsOpenedByTheDaemon() throws {
        try #require(chmod(directory.file("a/b"), 0o700) == 0)
        let listening = try bind()
        defer { close(listening.descriptor) }
        #expect(listening.whatKeepsOut([stranger]) == nil)
        #expect(listening.whatKeepsOut([stranger, stranger + 1])?.contains("uid \(stranger + 1)") == true)
    }

    @Test func aDirectoryBehindALinkCounts() throws {
        let listening = try bind()
        defer { close(listening.descriptor) }
        try #require(symlink(directory.file("a"), directory.file("link")) == 0)
        try #require(chmod(directory.file("a"), 0o700) == 0)
        let reason = SocketReach.obstacle(to: directory.file("link/b/socket"), for: [stranger])
        #expect(reason?.contains("\(directory.path)/link does not let") == true)
        // Where the link itself is out of the way: what it leads past.
        try #require(chmod(directory.file("a"), 0o755) == 0)
        try #require(symlink(directory.file("a/b"), directory.file("straight")) == 0)
        try #require(chmod(directory.file("a"), 0o700) == 0)
        let other = SocketReach.obstacle(to: directory.file("straight/socket"), for: [stranger])
        #expect(other?.contains("\(directory.path)/a does not let") == true)
    }

    @Test func aSocketThatWasHandedOverIsLookedAtToo() throws {
        let other = try #require(SocketTestServer.listeningSocket(at: socket))
        defer { close(other) }
        try #require(chmod(socket, 0o600) == 0)
        let listening = try SocketActivation.listeningSocket(other)
        #expect(
            listening.whatKeepsOut([stranger])
                == "\(socket) does not let uid \(stranger) connect; make the user a member of its group"
        )
        try #require(chmod(socket, 0o666) == 0)
        #expect(listening.whatKeepsOut([stranger]) == nil)
        try #require(chmod(socket, 0o660) == 0)
        #expect(listening.whatKeepsOut([stranger]) == nil, "of a uid without a name, the groups are not known")
    }

    @Test func groupsAreLookedUp() throws {
        #expect(try #require(UserDatabase.groups(of: 0)).contains(0))
        #expect(UserDatabase.groups(of: stranger) == nil)
    }
}
