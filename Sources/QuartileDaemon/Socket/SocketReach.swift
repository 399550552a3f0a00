import Glibc

/// Whether users get to a socket, as far as the file system goes: past each directory above it, and to connect.
///
/// What a security module adds stays out of it, and so do symbolic links that lead over further ones.
enum SocketReach {
    /// What keeps the first of `users` out whom anything does, with what helps: a clause for people. Nil if nothing does, or
    /// if it can't be told.
    static func obstacle(to path: String, for users: Set<uid_t>) -> String? {
        // One without a name, or with an abstract one, is in no directory.
        guard access(path, F_OK) == 0 else { return nil }
        let directories = directories(above: path)
        for user in users.sorted() where user != 0 && user != geteuid() {
            let groups = UserDatabase.groups(of: user)
            for directory in directories where !allows(AccessControlList.execute, directory, user, groups) {
                return "the directory \(directory) does not let uid \(user) through; open it to the users, or put the "
                    + "socket where they get to, such as /run/quartiled/quartiled.sock"
            }
            if !allows(AccessControlList.write, path, user, groups) {
                return "\(path) does not let uid \(user) connect; make the user a member of its group"
            }
        }
        return nil
    }

    /// From the root down, by the path as it is given and as it really is.
    private static func directories(above path: String) -> [String] {
        let parent = PrivateFiles.parent(of: path)
        guard let real = realpath(parent, nil) else { return [] }
        defer { free(real) }
        // A relative path begins where the daemon was started, which is in the real one.
        let given = parent.hasPrefix("/") ? chain(parent) : []
        return given + chain(String(cString: real)).filter { !given.contains($0) }
    }

    private static func chain(_ path: String) -> [String] {
        path == "/" ? ["/"] : chain(PrivateFiles.parent(of: path)) + [path]
    }

    private static func allows(
        _ wanted: AccessControlList.Permissions,
        _ path: String,
        _ user: uid_t,
        _ groups: Set<gid_t>?
    ) -> Bool {
        var status = stat()
        // What can't be looked at is no finding.
        guard stat(path, &status) == 0, case .success(let list) = AccessControlList.read(path) else { return true }
        if status.st_uid == user { return list.owner & wanted == wanted }
        return list.allows(wanted, to: user, in: groups, owningGroup: status.st_gid)
    }
}
