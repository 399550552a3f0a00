import CLinux
import Glibc

/// Whom a file is open to beyond its mode: acl(5). A file without a list has one with the three entries of its mode.
struct AccessControlList: Equatable {
    /// `rwx` as three bits.
    typealias Permissions = UInt16

    /// The right to read, to write (for a socket: to connect), and to execute (for a directory: to pass it).
    static let read: Permissions = 4
    static let write: Permissions = 2
    static let execute: Permissions = 1

    var owner: Permissions
    /// The users who are named.
    var users: [uid_t: Permissions] = [:]
    /// What stands there for the owning group; see ``effective(_:)``.
    var group: Permissions
    /// The groups that are named.
    var groups: [gid_t: Permissions] = [:]
    /// The most that the groups and the users who are named can have. Nil where nobody is named.
    var mask: Permissions?
    var others: Permissions

    /// What an entry for a group, or for a user who is named, is worth: the mask takes away the rest. That is how a mode
    /// of 0700 closes a file whose list still has other entries.
    func effective(_ entry: Permissions) -> Permissions { entry & (mask ?? 0o7) }

    /// Whether anybody is named.
    var namesAnybody: Bool { !users.isEmpty || !groups.isEmpty }

    /// Whether a user who is not the owner, and is in these groups, is let do all of `wanted` ("ACCESS CHECK ALGORITHM").
    ///
    /// `groups` nil is a user of whose groups nothing is known: then what any group is let do counts.
    func allows(_ wanted: Permissions, to user: uid_t, in groups: Set<gid_t>?, owningGroup: gid_t) -> Bool {
        if let entry = users[user] { return effective(entry) & wanted == wanted }
        let entries = [(owningGroup, group)] + self.groups.map { ($0.key, $0.value) }
        let matching = entries.filter { groups?.contains($0.0) ?? true }.map { effective($0.1) & wanted == wanted }
        if matching.contains(true) { return true }
        // Whose group is named has no more than that, whatever the others have.
        return (groups == nil || matching.isEmpty) && others & wanted == wanted
    }
}

extension AccessControlList {
    /// Which of the two lists that a directory can have.
    enum Kind: String {
        /// The one that says who may do what.
        case access = "system.posix_acl_access"
        /// The one that what is made in it begins with.
        case handedDown = "system.posix_acl_default"
    }

    private static let version: UInt32 = 2
    /// The id of an entry that has none.
    private static let noID = UInt32.max

    /// What an entry is for, as the kernel numbers it (`linux/posix_acl_xattr.h`).
    private enum Tag: UInt16 {
        case owner = 0x01
        case user = 0x02
        case group = 0x04
        case namedGroup = 0x08
        case mask = 0x10
        case others = 0x20
    }

    /// The three entries of a mode.
    init(mode: mode_t) {
        let bits = Permissions(truncatingIfNeeded: mode)
        self.init(owner: bits >> 6 & 0o7, group: bits >> 3 & 0o7, others: bits & 0o7)
    }

    /// The list of `path`, links followed. A file system that knows no lists has modes.
    static func read(_ path: String) -> Result<AccessControlList, Errno> {
        var status = stat()
        guard stat(path, &status) == 0 else { return .failure(.last) }
        // As large as an attribute can be.
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = getxattr(path, Kind.access.rawValue, &bytes, bytes.count)
        guard count >= 0 else {
            switch errno {
            case ENODATA, ENOTSUP: return .success(AccessControlList(mode: status.st_mode))
            default: return .failure(.last)
            }
        }
        return AccessControlList(bytes: bytes.prefix(count)).map { .success($0) } ?? .failure(Errno(EINVAL))
    }

    /// Gives `path` this list. One that names nobody is none: then the mode says all. Returns why that failed, if it did.
    func write(to path: String, as kind: Kind = .access) -> Errno? {
        let bytes = bytes
        return setxattr(path, kind.rawValue, bytes, bytes.count, 0) == 0 ? nil : .last
    }

    /// As the kernel takes it: a version, then for each entry a tag, permissions and an id; each number with its least
    /// byte first.
    var bytes: [UInt8] {
        func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
            withUnsafeBytes(of: number.littleEndian, Array.init)
        }
        var entries = [(Tag.owner, owner, Self.noID)]
        entries += users.sorted { $0.key < $1.key }.map { (.user, $0.value, $0.key) }
        entries.append((.group, group, Self.noID))
        entries += groups.sorted { $0.key < $1.key }.map { (.namedGroup, $0.value, $0.key) }
        if let mask { entries.append((.mask, mask, Self.noID)) }
        entries.append((.others, others, Self.noID))
        return bytes(Self.version) + entries.flatMap { bytes($0.0.rawValue) + bytes($0.1) + bytes($0.2) }
    }

    /// What ``bytes`` were made of; nil if they are not of that form.
    init?(bytes: some Collection<UInt8>) {
        let bytes = Array(bytes)
        func number(at start: Int, count: Int) -> UInt32 {
            bytes[start..<start + count].reversed().reduce(0) { $0 << 8 | UInt32($1) }
        }
        guard bytes.count >= 4, bytes.count % 8 == 4, number(at: 0, count: 4) == Self.version else { return nil }
        var single: [Tag: Permissions] = [:]
        var users: [uid_t: Permissions] = [:]
        var groups: [gid_t: Permissions] = [:]
        for start in stride(from: 4, to: bytes.count, by: 8) {
            let permissions = Permissions(number(at: start + 2, count: 2))
            guard let tag = Tag(rawValue: UInt16(number(at: start, count: 2))), permissions <= 0o7 else { return nil }
            switch tag {
            case .user: users[number(at: start + 4, count: 4)] = permissions
            case .namedGroup: groups[number(at: start + 4, count: 4)] = permissions
            case .owner, .group, .mask, .others: single[tag] = permissions
            }
        }
        guard let owner = single[.owner], let group = single[.group], let others = single[.others] else { return nil }
        self.init(
            owner: owner,
            users: users,
            group: group,
            groups: groups,
            mask: single[.mask],
            others: others
        )
    }
}
