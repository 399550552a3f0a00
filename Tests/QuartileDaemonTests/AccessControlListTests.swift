import Foundation
import Glibc
import Testing

@testable import QuartileDaemon

/// The lists of acl(5), on the file system that is here.
@Suite struct AccessControlListTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// A directory of this mode.
    private func make(_ name: String, _ mode: mode_t) throws -> String {
        let path = directory.file(name)
        try #require(mkdir(path, mode) == 0 && chmod(path, mode) == 0)
        return path
    }

    private func mode(_ path: String) throws -> mode_t {
        var status = stat()
        try #require(stat(path, &status) == 0)
        return status.st_mode & 0o7777
    }

    private func list(_ path: String) throws -> AccessControlList { try AccessControlList.read(path).get() }

    @Test func aFileWithoutAListHasThatOfItsMode() throws {
        let path = try make("d", 0o751)
        #expect(try list(path) == AccessControlList(owner: 7, group: 5, others: 1))
        #expect(AccessControlList.read(path + "/absent") == .failure(Errno(ENOENT)))
    }

    @Test func whatIsWrittenIsReadAndTheModeShowsTheMask() throws {
        let path = try make("d", 0o700)
        let wanted = AccessControlList(
            owner: 7,
            users: [70_000: 1, 3: 7],
            group: 4,
            groups: [9: 5],
            mask: 5,
            others: 1
        )
        #expect(wanted.write(to: path) == nil)
        #expect(try list(path) == wanted)
        #expect(try mode(path) == 0o751)
        #expect(AccessControlList(owner: 7, group: 0, others: 0).write(to: path) == nil)
        #expect(try list(path) == AccessControlList(mode: 0o700))
        #expect(try mode(path) == 0o700)
    }

    @Test func bytesOfAnotherFormAreNoList() {
        let bytes = AccessControlList(owner: 7, users: [1: 1], group: 0, mask: 1, others: 0).bytes
        #expect(AccessControlList(bytes: bytes)?.bytes == bytes)
        for count in 0..<bytes.count { #expect(AccessControlList(bytes: bytes.prefix(count)) == nil) }
        for (place, byte) in [(0, UInt8(3)), (4, 3), (6, 8)] {
            var wrong = bytes
            wrong[place] = byte
            #expect(AccessControlList(bytes: wrong) == nil)
        }
    }

    /// Who gets what of a list: a user, the groups, and whether it may pass.
    @Test(
        arguments: [
            (1, [], true), (1, [50], true),
            // Named, and masked or without it.
            (2, [], false), (3, [50], false),
            // The owning group, and one that is named.
            (9, [50], true), (9, [60], false), (9, [50, 60], true),
            // Neither.
            (9, [70], false), (9, nil, true),
        ] as [(uid_t, Set<gid_t>?, Bool)]
    )
    func theFirstEntryThatFitsDecides(user: uid_t, groups: Set<gid_t>?, isLetThrough: Bool) {
        let list = AccessControlList(
            owner: 7,
            users: [1: 1, 2: 2, 3: 4],
            group: 1,
            groups: [60: 4],
            mask: 5,
            others: 0
        )
        #expect(list.allows(1, to: user, in: groups, owningGroup: 50) == isLetThrough)
    }

    @Test func othersGetWhatTheyGetUnlessAGroupOfTheirsIsNamed() {
        let list = AccessControlList(mode: 0o701)
        #expect(list.allows(1, to: 9, in: [], owningGroup: 50))
        #expect(!list.allows(1, to: 9, in: [50], owningGroup: 50))
        #expect(list.allows(1, to: 9, in: nil, owningGroup: 50))
        #expect(!list.allows(4, to: 9, in: nil, owningGroup: 50))
    }

    @Test func aMaskThatClosesADirectoryStaysClosedForAllButTheUsers() throws {
        let path = try make("d", 0o700)
        let before = AccessControlList(
            owner: 7,
            users: [5: 4, 6: 7],
            group: 7,
            groups: [9: 7],
            mask: 7,
            others: 0
        )
        #expect(before.write(to: path) == nil)
        try #require(chmod(path, 0o700) == 0)
        #expect(try list(path).mask == 0)
        #expect(SocketAccessList.open(directory: path, to: [6, 8]) == nil)
        #expect(
            try list(path)
                == AccessControlList(
                    owner: 7,
                    users: [5: 0, 6: 1, 8: 1],
                    group: 0,
                    groups: [9: 0],
                    mask: 1,
                    others: 0
                )
        )
        #expect(try mode(path) == 0o710)
    }

    @Test func whatOthersHadInEffectTheyKeep() throws {
        let path = try make("d", 0o700)
        let before = AccessControlList(owner: 7, users: [5: 7], group: 7, groups: [9: 4], mask: 5, others: 0)
        #expect(before.write(to: path) == nil)
        #expect(SocketAccessList.open(directory: path, to: [8]) == nil)
        let after = AccessControlList(
            owner: 7,
            users: [5: 5, 8: 1],
            group: 5,
            groups: [9: 4],
            mask: 5,
            others: 0
        )
        #expect(try list(path) == after)
        #expect(SocketAccessList.open(directory: path, to: [8]) == nil)
        #expect(try list(path) == after, "done again, it is the same")
        #expect(SocketAccessList.open(directory: path, to: []) == nil)
        #expect(try list(path) == after, "somebody else looks after it")
    }

    @Test func whoIsNoLongerListedIsNotLetThrough() throws {
        let path = try make("d", 0o700)
        #expect(SocketAccessList.open(directory: path, to: [5, 6]) == nil)
        #expect(SocketAccessList.open(directory: path, to: [6, 7]) == nil)
        #expect(try list(path).users == [6: 1, 7: 1])
        #expect(SocketAccessList.open(directory: path, to: []) == nil)
        #expect(try list(path) == AccessControlList(mode: 0o700))
        #expect(try mode(path) == 0o700)
    }

    @Test func aDirectoryThatLetsEverybodyThroughIsLeftAlone() throws {
        let path = try make("d", 0o755)
        #expect(SocketAccessList.open(directory: path, to: [5]) == nil)
        #expect(SocketAccessList.open(directory: path, to: []) == nil)
        #expect(try list(path) == AccessControlList(mode: 0o755))
        #expect(try mode(path) == 0o755)
    }

    @Test func aSocketIsOpenToTheUsersAloneWhateverItsDirectoryHandsDown() throws {
        let path = try make("d", 0o700)
        let handedDown = AccessControlList(owner: 7, users: [5: 7], group: 7, groups: [9: 7], mask: 7, others: 7)
        #expect(handedDown.write(to: path, as: .handedDown) == nil)
        for (users, expected) in [
            (Set<uid_t>(), 0o600 as mode_t), ([8], 0o660),
        ] {
            let socket = path + "/inner/socket"
            let listening = try ListeningSocket.bind(socket, for: users)
            defer { close(listening.descriptor) }
            defer { listening.removeFile() }
            #expect(try mode(socket) == expected)
            #expect(try mode(path + "/inner") == (users.isEmpty ? 0o700 : 0o710))
            let list = try list(socket)
            #expect(list.effective(list.group) == 0)
            #expect(list.others == 0)
            let inEffect = list.users.mapValues(list.effective).filter { $0.value != 0 }
            #expect(inEffect == (users.isEmpty ? [:] : [8: 6]))
            #expect(list.groups.values.allSatisfy { list.effective($0) == 0 })
            let inner = try self.list(path + "/inner")
            #expect(inner.effective(inner.group) == 0)
            #expect(inner.groups.values.allSatisfy { inner.effective($0) == 0 })
            #expect(inner.users.mapValues(inner.effective).filter { $0.value != 0 } == (users.isEmpty ? [:] : [8: 1]))
        }
    }

    @Test(.enabled(if: SmallDisk.isPermitted, "a file system can be mounted by root only"))
    func aFileSystemWithoutListsKeepsUsersOutAndIsToldSo() throws {
        let path = try make("ram", 0o700)
        try #require(mount("quartiled-test", path, "ramfs", 0, "mode=0700") == 0)
        defer { umount2(path, CInt(MNT_DETACH)) }
        #expect(try list(path) == AccessControlList(mode: 0o700))
        let listening = try ListeningSocket.bind(path + "/socket", for: [8])
        defer { close(listening.descriptor) }
        #expect(listening.whatKeepsOut([8]) == "their access can't be set: \(Errno(ENOTSUP))")
        #expect(try mode(path + "/socket") == 0o600)
        #expect(try mode(path) == 0o700)
    }
}
