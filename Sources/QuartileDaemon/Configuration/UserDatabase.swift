import Glibc

/// The users of this machine (getpwnam(3)).
enum UserDatabase {
    /// What became of a name.
    enum Answer: Equatable {
        case found(uid_t)
        /// Why not, as a clause of its own that does not repeat the name.
        case refused(String)
    }

    /// The uid that `text`, a name or a number, stands for. A number need have no name. Refused is what could be anybody:
    /// see ``PeerCredentials/overflowUID``.
    static func uid(of text: String) -> Answer {
        guard !text.isEmpty, text.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains) else {
            return uid(named: text)
        }
        // The last number means "no user" to the kernel (chown(2)).
        guard let uid = uid_t(text), uid != uid_t.max else { return .refused("this is no uid") }
        return admissible(uid)
    }

    private static func uid(named name: String) -> Answer {
        guard !name.isEmpty, !name.utf8.contains(0) else { return .refused("there is no user of this name") }
        // Longer than any entry of five short fields: getpwnam_r(3) suggests 1 KiB.
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { buffer in
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            guard let start = buffer.baseAddress else { return .refused("there is no memory to look it up") }
            let code = getpwnam_r(name, &entry, start, buffer.count, &found)
            if found != nil { return admissible(entry.pw_uid) }
            switch code {
            // All of these mean that there is none: getpwnam_r(3), "ERRORS".
            case 0, ENOENT, ESRCH, EBADF, EPERM: return .refused("there is no user of this name")
            default: return .refused("the user can't be looked up: \(Errno(code))")
            }
        }
    }

    /// The groups that a user is in (getgrouplist(3)); nil for a uid that no user has, or where it can't be looked up.
    static func groups(of uid: uid_t) -> Set<gid_t>? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { buffer in
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            guard let start = buffer.baseAddress,
                getpwuid_r(uid, &entry, start, buffer.count, &found) == 0, found != nil
            else { return nil }
            // As many as the kernel lets a process have (NGROUPS_MAX).
            var groups = [gid_t](repeating: 0, count: 65_536)
            var count = CInt(groups.count)
            guard getgrouplist(entry.pw_name, entry.pw_gid, &groups, &count) >= 0 else { return nil }
            return Set(groups.prefix(Int(count)))
        }
    }

    private static func admissible(_ uid: uid_t) -> Answer {
        guard uid != PeerCredentials.overflowUID else {
            return .refused("this is uid \(uid), as which users without a name in a user namespace appear")
        }
        return .found(uid)
    }
}
