import Glibc

/// Takes over the socket that a service manager listens on for us: sd_listen_fds(3).
///
/// Such a socket is the manager's. It made its file, which is never removed here, and it starts one service for it at a
/// time, so that no lock on its path is needed.
package enum SocketActivation {
    /// Descriptors are handed over from this number on.
    private static let firstDescriptor: CInt = 3

    /// The socket that was handed over, or nil if none was to this process. More than one, and what is no listening
    /// Unix stream socket, is an error.
    ///
    /// Unsets the variables, so that a program started by us does not take them for its own. Must be called before
    /// there is a second thread.
    package static func take() throws(ListeningSocketError) -> ListeningSocket? {
        try take(first: firstDescriptor)
    }

    static func take(first: CInt) throws(ListeningSocketError) -> ListeningSocket? {
        let variables = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID"]
        let values = variables.prefix(2).map { getenv($0).map { String(cString: $0) } }
        for variable in variables { unsetenv(variable) }
        let count = try descriptorCount(pid: values[0], count: values[1], ownPID: getpid())
        guard count > 0 else { return nil }
        return try listeningSocket(first)
    }

    /// How many descriptors are ours: 0 or 1.
    static func descriptorCount(pid: String?, count: String?, ownPID: pid_t) throws(ListeningSocketError) -> Int {
        guard let pid, let count else { return 0 }
        guard let pid = pid_t(pid), let count = Int(count), count >= 0 else {
            throw .unusable("LISTEN_PID and LISTEN_FDS must be whole numbers; unset them if nothing is handed over")
        }
        // Meant for the program that started us.
        guard pid == ownPID else { return 0 }
        guard count <= 1 else {
            throw .unusable("\(count) sockets were handed over and one is wanted: the socket unit must have one stream")
        }
        return count
    }

    /// The socket behind `descriptor`, checked.
    static func listeningSocket(_ descriptor: CInt) throws(ListeningSocketError) -> ListeningSocket {
        guard option(SO_DOMAIN, of: descriptor) == AF_UNIX,
            option(SO_TYPE, of: descriptor) == CInt(SOCK_STREAM.rawValue),
            option(SO_ACCEPTCONN, of: descriptor) == 1
        else {
            throw .unusable(
                "what was handed over is no listening Unix stream socket: the unit needs ListenStream= with a path"
            )
        }
        guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else {
            throw .unusable("the socket that was handed over can't be set up: \(Errno.last)")
        }
        return ListeningSocket(descriptor: descriptor, path: path(of: descriptor), own: nil)
    }

    private static func option(_ name: CInt, of descriptor: CInt) -> CInt? {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 ? value : nil
    }

    private static func path(of descriptor: CInt) -> String {
        var address = sockaddr_un()
        var length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let isNamed = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) == 0 }
        }
        let start = MemoryLayout<sockaddr_un>.size - MemoryLayout.size(ofValue: address.sun_path)
        guard isNamed, Int(length) > start else { return "(a socket without a name)" }
        let name = withUnsafeBytes(of: &address.sun_path) { Array($0.prefix(Int(length) - start)) }
        let isAbstract = name.first == 0
        let text = String(decoding: isAbstract ? name.dropFirst() : name.prefix { $0 != 0 }, as: UTF8.self)
        return isAbstract ? "@" + text : text
    }
}
