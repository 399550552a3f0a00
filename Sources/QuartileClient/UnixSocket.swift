internal import Glibc

/// A connected stream socket. Every wait ends at a deadline, and is a sleep in poll(2), never a loop that spins.
struct UnixSocket: ~Copyable {
    private let descriptor: Int32
    private let path: SocketPath

    deinit {
        close(descriptor)
    }

    /// Connects. Closed on exec.
    init(connectingTo path: SocketPath, deadline: Deadline) throws(ClientError) {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        self.path = path
        guard descriptor >= 0 else { throw Self.failure("socket") }
        try connect(deadline)
    }

    /// connect(2) waits where a daemon has more connections to accept than its backlog holds; SO_SNDTIMEO ends that.
    private borrowing func connect(_ deadline: Deadline) throws(ClientError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.path.utf8) }
        while true {
            // A timeout of 0 would mean none.
            let milliseconds = Int(max(1, deadline.milliseconds))
            var timeout = timeval(tv_sec: milliseconds / 1_000, tv_usec: milliseconds % 1_000 * 1_000)
            let size = socklen_t(MemoryLayout<timeval>.size)
            guard setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, size) == 0 else {
                throw Self.failure("setsockopt")
            }
            let result = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            if result == 0 { return }
            switch errno {
            case EINTR where !deadline.hasPassed: continue
            case EINTR, EAGAIN: throw .timedOut(after: deadline.seconds)
            case ENOENT, ENOTDIR, ECONNREFUSED, ENOTSOCK, EPROTOTYPE: throw .noDaemon(path)
            case EACCES, EPERM: throw .noAccess(path)
            default: throw Self.failure("connect")
            }
        }
    }

    private static func failure(_ call: String) -> ClientError {
        .system(call: call, errorNumber: errno)
    }

    /// Waits until the socket is ready for `events`, or has failed, which the next call on it tells.
    private borrowing func wait(for events: Int32, _ deadline: Deadline) throws(ClientError) {
        var poll = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        while true {
            let count = Glibc.poll(&poll, 1, deadline.milliseconds)
            if count > 0 { return }
            guard count == 0 || errno == EINTR else { throw Self.failure("poll") }
            if deadline.hasPassed { throw .timedOut(after: deadline.seconds) }
        }
    }

    /// Sends all bytes. False if the other side is gone; what it has said before may still be received.
    borrowing func send(_ bytes: UnsafeRawBufferPointer, _ deadline: Deadline) throws(ClientError) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[sent...])
            // MSG_NOSIGNAL: a daemon that is gone must not end this process with SIGPIPE.
            let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
            let count = Glibc.send(descriptor, rest.baseAddress, rest.count, flags)
            if count >= 0 {
                sent += count
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN: try wait(for: Int32(POLLOUT), deadline)
            case EPIPE, ECONNRESET: return false
            default: throw Self.failure("send")
            }
        }
        return true
    }

    /// Receives what there is, at least one byte, and hands it over. False if the other side is gone.
    borrowing func receive(
        _ deadline: Deadline,
        _ take: (UnsafeRawBufferPointer) -> Void
    ) throws(ClientError) -> Bool {
        try wait(for: Int32(POLLIN), deadline)
        while true {
            let count = withUnsafeTemporaryAllocation(byteCount: 4_096, alignment: 1) { buffer in
                let count = recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
                if count > 0 { take(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
                return count
            }
            if count > 0 { return true }
            if count == 0 { return false }
            switch errno {
            case EINTR: continue
            case EAGAIN: try wait(for: Int32(POLLIN), deadline)
            case ECONNRESET: return false
            default: throw Self.failure("recv")
            }
        }
    }

    /// Whether the other side has closed and everything it said was received.
    var isClosed: Bool {
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT) | Int32(MSG_PEEK))
        return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)
    }

    /// Who runs the other side, by `SO_PEERCRED` (unix(7)): the user of the process that began to listen.
    var serverUserID: UInt32? {
        // struct ucred: pid, uid, gid.
        var credentials: [UInt32] = [0, 0, 0]
        var size = socklen_t(MemoryLayout<UInt32>.size * credentials.count)
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 else { return nil }
        return credentials[1]
    }
}
