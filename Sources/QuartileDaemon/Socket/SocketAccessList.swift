import Glibc

/// Opens a socket and its directory to the users whom the configuration lists, one by one, and to nobody else (acl(5)):
/// so they need no group, and nobody has to change a mode.
enum SocketAccessList {
    /// Opens the socket at `path`, which was just made and has mode 0600, to `users`. What the directory's default list
    /// gave it goes: that mode says that none of it is worth anything. Returns why that failed, if it did.
    static func open(socket path: String, to users: Set<uid_t>) -> Errno? {
        let readAndWrite = AccessControlList.read | AccessControlList.write
        let list = AccessControlList(
            owner: readAndWrite,
            users: Dictionary(uniqueKeysWithValues: users.map { ($0, readAndWrite) }),
            group: 0,
            mask: readAndWrite,
            others: 0
        )
        return list.write(to: path)
    }

    /// Lets `users`, and of the users who were listed once nobody else, through the directory at `path`, where it is ours
    /// and does not let everybody through. With no users, one that is open to nobody else is 0700 again. Returns why that
    /// failed, if it did.
    static func open(directory path: String, to users: Set<uid_t>) -> Errno? {
        var status = stat()
        guard stat(path, &status) == 0 else { return .last }
        guard status.st_uid == geteuid() else { return nil }
        switch AccessControlList.read(path) {
        case .failure(let error): return error
        case .success(let list):
            let change = users.isEmpty ? list.closed : list.opened(to: users)
            return change?.write(to: path)
        }
    }
}

extension AccessControlList {
    /// What a user who is let through has, and a user who was.
    private static let passage = execute

    /// The list with which `users` pass as well; nil where they can already.
    ///
    /// Nobody else has more than before: where the mask kept somebody from what an entry says, the entry loses it, since the
    /// mask has to let `users` through. Whoever is named with the passage alone loses it: this can't be told from what was
    /// given to a user who is no longer listed.
    func opened(to users: Set<uid_t>) -> AccessControlList? {
        guard others & Self.passage == 0 else { return nil }
        var list = self
        list.group = effective(group)
        list.groups = groups.mapValues(effective)
        list.users = self.users.filter { $0.value != Self.passage }.mapValues(effective)
        for user in users { list.users[user, default: 0] |= Self.passage }
        list.mask = ([list.group] + list.groups.values + list.users.values).reduce(0, |)
        return list
    }

    /// The list without those who were let through once; nil where there is none of them, or anybody else is let in:
    /// such a directory is somebody's who looks after it.
    var closed: AccessControlList? {
        guard !users.isEmpty, groups.isEmpty, users.values.allSatisfy({ $0 == Self.passage }),
            effective(group) == 0, others == 0
        else { return nil }
        return AccessControlList(owner: owner, group: 0, others: 0)
    }
}
