package import Glibc

/// Who is at the other end of a connection (unix(7), `SO_PEERCRED`): as the kernel saw it at connect(2), so a peer
/// can't lie about it.
package struct PeerCredentials: Sendable, Hashable {
    /// What the kernel shows where a user has no name in our user namespace (user_namespaces(7)). Anybody may be
    /// behind it, so nobody is let in by it.
    package static let overflowUID: uid_t = 65_534

    /// The process that connected. It may have ended since, and the number may have gone to another.
    package var pid: pid_t
    /// Its effective user.
    package var uid: uid_t
    /// Its effective group.
    package var gid: gid_t

    /// Credentials as given.
    package init(pid: pid_t, uid: uid_t, gid: gid_t) {
        self.pid = pid
        self.uid = uid
        self.gid = gid
    }

    /// The credentials of the peer of a connected Unix socket, or the `errno` of getsockopt(2).
    package static func ofPeer(of socket: CInt) -> Result<PeerCredentials, Errno> {
        // As the kernel's `struct ucred`, which the C library keeps to itself: three numbers of 32 bits.
        var credentials: (pid: pid_t, uid: uid_t, gid: gid_t) = (0, 0, 0)
        var length = socklen_t(MemoryLayout.size(ofValue: credentials))
        guard getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 else {
            return .failure(Errno.last)
        }
        return .success(PeerCredentials(pid: credentials.pid, uid: credentials.uid, gid: credentials.gid))
    }
}
