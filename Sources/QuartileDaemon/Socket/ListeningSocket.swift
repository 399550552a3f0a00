package import Glibc

/// A Unix socket that this process listens on, bound by the daemon itself or handed over by the service manager.
package struct ListeningSocket: Sendable {
    /// The socket, which whoever serves it closes.
    package let descriptor: CInt
    /// Its path, for people.
    package let path: String
    /// Why users whom the socket was to be opened to could not be let in, if so.
    private var refusedAccess: Errno?
    /// What is ours to remove, and the lock that keeps it ours; nil for a socket that was handed over.
    private let own: (file: FileIdentity, lock: LockFile)?

    init(descriptor: CInt, path: String, own: (file: FileIdentity, lock: LockFile)?) {
        self.descriptor = descriptor
        self.path = path
        self.own = own
    }

    /// Binds a socket at `path`, mode 0600 from the moment it is there, and listens on it. Then it is opened to
    /// `users`, one by one, and so is its directory: see ``whatKeepsOut(_:)``.
    ///
    /// Its directory is made, 0700, where it is missing; one that others may write to, or that is neither ours nor root's,
    /// is refused, since whoever can rename the socket can take its place. `PATH.lock` is taken first and held until
    /// the process ends. A socket that nothing listens on is then replaced; anything else at the path is left alone.
    package static func bind(_ path: String, for users: Set<uid_t> = []) throws(ListeningSocketError) -> ListeningSocket
    {
        let address: UnixAddress
        do { address = try UnixAddress(path) } catch {
            throw .unusable(
                "the socket path must have 1 to \(PathRules.maximumSocketPathLength) bytes, and no zero among them"
            )
        }
        try SocketDirectory.prepare(PrivateFiles.parent(of: path))
        let lock: LockFile
        do { lock = try LockFile.acquire(path + ".lock") } catch {
            switch error {
            case .held: throw .inUse(error.sentence)
            case .failed(let sentence): throw .unusable(sentence)
            }
        }
        try removeStale(path, address)
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .unusable("no socket can be made: \(Errno.last)") }
        do throws(ListeningSocketError) {
            let own = (file: try bind(descriptor, address, path), lock: lock)
            // The server raises it; meanwhile a client finds room as well.
            guard listen(descriptor, SocketLimits().backlog) == 0 else {
                throw .unusable("\(path) can't be listened on: \(Errno.last)")
            }
            var listening = ListeningSocket(descriptor: descriptor, path: path, own: own)
            do {
                try listening.open(to: users)
            } catch {
                listening.removeFile()
                throw error
            }
            return listening
        } catch {
            close(descriptor)
            throw error
        }
    }

    private mutating func open(to users: Set<uid_t>) throws(ListeningSocketError) {
        let directory = PrivateFiles.parent(of: path)
        if !users.isEmpty { refusedAccess = SocketAccessList.open(socket: path, to: users) }
        let refused = SocketAccessList.open(directory: directory, to: users)
        refusedAccess = refusedAccess ?? refused
        // Whatever came of it: others must not be able to take the socket's place.
        try SocketDirectory.check(directory)
    }

    /// Why some of `users`, whom the socket is meant for, can't reach it, if they can't: one clause for people.
    package func whatKeepsOut(_ users: Set<uid_t>) -> String? {
        // Nobody is kept out who is not meant to come in. What could not be taken from users who were listed once leads no
        // further than a door that is closed to them.
        guard !users.isEmpty else { return nil }
        return refusedAccess.map { "their access can't be set: \($0)" } ?? SocketReach.obstacle(to: path, for: users)
    }

    /// Removes the socket's file if it is the one that ``bind(_:)`` made. Its lock, which the process still holds,
    /// keeps another daemon from making one meanwhile.
    package func removeFile() {
        guard let own, FileIdentity(ofFileAt: path) == own.file else { return }
        // A file that can't be removed is found stale by the next daemon.
        _ = unlink(path)
    }

    private static func bind(
        _ descriptor: CInt,
        _ address: UnixAddress,
        _ path: String
    ) throws(ListeningSocketError) -> FileIdentity {
        // Linux gives the file the mode that the socket has at this point, less the umask. Unlike a change of the umask
        // this can't touch what another thread is making.
        guard fchmod(descriptor, 0o600) == 0, address.bind(descriptor) else {
            throw .unusable("the socket \(path) can't be made: \(Errno.last)")
        }
        var status = stat()
        guard lstat(path, &status) == 0, let file = FileIdentity(ofFileAt: path) else {
            throw .unusable("the socket \(path) was removed as it was made")
        }
        guard status.st_mode & 0o777 == 0o600 else {
            unlink(path)
            throw .unusable("\(path) can't be kept from others: its file system gives it a mode of its own")
        }
        return file
    }

    /// Removes a socket at `path` that nothing listens on. Called under its lock.
    private static func removeStale(_ path: String, _ address: UnixAddress) throws(ListeningSocketError) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw .unusable("\(path) can't be looked at: \(Errno.last)")
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw .unusable("\(path) is not a socket and is left alone; name another path with --socket")
        }
        let probe = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard probe >= 0 else { throw .unusable("no socket can be made: \(Errno.last)") }
        defer { close(probe) }
        if address.connect(probe) {
            let pid = try? PeerCredentials.ofPeer(of: probe).get().pid
            throw .inUse("\(pid.map { "process \($0)" } ?? "another process") listens on \(path) already")
        }
        switch errno {
        case ECONNREFUSED:
            guard unlink(path) == 0 || errno == ENOENT else {
                throw .unusable("the stale socket \(path) can't be removed: \(Errno.last)")
            }
        case ENOENT: return
        case EAGAIN: throw .inUse("another process listens on \(path) already")
        default: throw .unusable("what is at \(path) can't be told: \(Errno.last); name another path with --socket")
        }
    }
}

/// Why there is no socket to listen on: one line for people.
package enum ListeningSocketError: Error, Hashable, CustomStringConvertible {
    /// Another process has it. Ends the daemon with 75.
    case inUse(String)
    /// The path, or what was handed over, can't be used as it is. Ends the daemon with 78.
    case unusable(String)

    /// The line.
    package var description: String {
        switch self {
        case .inUse(let message), .unusable(let message): message
        }
    }
}

/// What tells a file from one of the same name that came after it.
struct FileIdentity: Sendable, Hashable {
    private let device: dev_t
    private let inode: ino_t

    /// The identity of what is at `path`, links not followed; nil if nothing is.
    init?(ofFileAt path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        device = status.st_dev
        inode = status.st_ino
    }
}
