import Glibc

/// The directory that a socket is in, which decides who can put another in its place.
enum SocketDirectory {
    /// Makes the directory where it is missing, 0700, and refuses one in which others could replace the socket.
    static func prepare(_ path: String) throws(ListeningSocketError) {
        do { try PrivateFiles.makeDirectory(path) } catch { throw .unusable(error.sentence) }
        try check(path)
    }

    /// Refuses a directory in which others could replace the socket.
    static func check(_ path: String) throws(ListeningSocketError) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw .unusable("the socket's directory \(path) can't be looked at: \(Errno.last)")
        }
        if let complaint = complaint(path, mode: status.st_mode, owner: status.st_uid, user: geteuid()) {
            throw .unusable(complaint)
        }
    }

    /// What is wrong with a directory of this mode and owner for a daemon of `user`; nil if nothing is.
    static func complaint(_ path: String, mode: mode_t, owner: uid_t, user: uid_t) -> String? {
        guard mode & S_IFMT == S_IFDIR else { return "\(path) is not a directory; name another path with --socket" }
        guard owner == user || owner == 0 else {
            return "the socket's directory \(path) belongs to uid \(owner); use one of your own, with --socket"
        }
        // A sticky bit would keep others from renaming the socket, but not from being there before it.
        guard mode & 0o022 == 0 else {
            return "others may write to the socket's directory \(path); chmod go-w it, or use another, with --socket"
        }
        return nil
    }
}
