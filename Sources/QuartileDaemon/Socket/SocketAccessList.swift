import CLinux
import Glibc

/// Opens a socket and its directory to the users whom the configuration lists, one by one, and to nobody else (acl(5)):
/// so they need no group, and nobody has to change a mode.
enum SocketAccessList {
    private static let attribute = "system.posix_acl_access"

    /// An entry as the kernel takes it (`linux/posix_acl_xattr.h`): a tag, permissions and an id.
    private struct Entry {
        enum Tag: UInt16 {
            case owner = 0x01
            case user = 0x02
            case group = 0x04
            case mask = 0x10
            case others = 0x20
        }

        /// For what has no id.
        static let noID = UInt32.max

        var tag: Tag
        var permissions: UInt16
        var id = Entry.noID
    }

    /// Lets `users` read and write the socket at `path`. Returns why that failed, if it did.
    static func open(socket path: String, to users: Set<uid_t>) -> Errno? {
        grant(0o6, on: path, to: users)
    }

    /// Lets `users` through the directory at `path`, where it is ours and does not let everybody through. Returns why that
    /// failed, if it did.
    static func open(directory path: String, to users: Set<uid_t>) -> Errno? {
        var status = stat()
        guard stat(path, &status) == 0 else { return .last }
        guard status.st_uid == geteuid(), status.st_mode & 0o001 == 0 else { return nil }
        return grant(0o1, on: path, to: users)
    }

    private static func grant(_ permission: UInt16, on path: String, to users: Set<uid_t>) -> Errno? {
        var status = stat()
        guard stat(path, &status) == 0 else { return .last }
        let mode = UInt16(truncatingIfNeeded: status.st_mode)
        // Where there is a list already, the mode shows its mask in the group's place.
        let group = groupPermissions(in: path) ?? (mode >> 3 & 0o7)
        let entries =
            [Entry(tag: .owner, permissions: mode >> 6 & 0o7)]
            + users.sorted().map { Entry(tag: .user, permissions: permission, id: $0) }
            + [
                Entry(tag: .group, permissions: group), Entry(tag: .mask, permissions: group | permission),
                Entry(tag: .others, permissions: mode & 0o7),
            ]
        let bytes = encoded(entries)
        return setxattr(path, attribute, bytes, bytes.count, 0) == 0 ? nil : .last
    }

    /// A version, 2, and the entries, each number with its least byte first.
    private static func encoded(_ entries: [Entry]) -> [UInt8] {
        func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
            withUnsafeBytes(of: number.littleEndian, Array.init)
        }
        return bytes(UInt32(2)) + entries.flatMap { bytes($0.tag.rawValue) + bytes($0.permissions) + bytes($0.id) }
    }

    /// What the list of `path` gives the group; nil where there is no list.
    private static func groupPermissions(in path: String) -> UInt16? {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = getxattr(path, attribute, &bytes, bytes.count)
        guard count > 4 else { return nil }
        for start in stride(from: 4, through: count - 8, by: 8)
        where bytes[start] == UInt8(Entry.Tag.group.rawValue) && bytes[start + 1] == 0 {
            return UInt16(bytes[start + 2])
        }
        return nil
    }
}
