import Glibc

/// What is known of the process at the other end of a connection beside its credentials: advice to people, and among the
/// programs of one user, never a proof. A program can run another within itself, or take part in another's unit.
package struct PeerProcess: Sendable, Hashable {
    /// The program's file (proc(5), `/proc/PID/exe`), the end of it where it is long; nil where it can't be read, as
    /// that of another user can't by a daemon that is not root.
    package var executable: String?
    /// The systemd unit: see ``SystemdUnit``; nil where there is none or it can't be read.
    package var unit: String?

    /// As given.
    package init(executable: String? = nil, unit: String? = nil) {
        self.executable = executable
        self.unit = unit
    }

    /// The most bytes of a path that are kept, 256: they are stored by the thousand.
    static let maximumPathLength = 256

    /// Looks at the process `pid`, the peer of `socket`, as it is now: some 30 µs. Nothing is known of one that has
    /// ended, so that it is not taken for another that has its number.
    static func ofPeer(of socket: CInt, pid: pid_t) -> PeerProcess {
        // In another namespace of processes it has no number here.
        guard pid > 0 else { return PeerProcess() }
        switch hold(onPeerOf: socket) {
        case .gone: return PeerProcess()
        case .number: return look(at: pid)
        case .descriptor(let descriptor):
            defer { close(descriptor) }
            let process = look(at: pid)
            // Readable once the process has ended (pidfd_open(2)). If it runs still, all that was read is its own.
            var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            return Glibc.poll(&poll, 1, 0) == 0 ? process : PeerProcess()
        }
    }

    /// What there is of a peer that can't become another's.
    private enum Hold {
        /// A descriptor of the process itself, to be closed.
        case descriptor(CInt)
        /// Nothing but its number: the kernel is older than Linux 6.5.
        case number
        /// The process has ended.
        case gone
    }

    private static func hold(onPeerOf socket: CInt) -> Hold {
        // SO_PEERPIDFD, which the C library's headers lack. The same on every architecture that Swift runs on.
        let peerPIDFD: CInt = 77
        var descriptor: CInt = -1
        var length = socklen_t(MemoryLayout<CInt>.size)
        if getsockopt(socket, SOL_SOCKET, peerPIDFD, &descriptor, &length) == 0 { return .descriptor(descriptor) }
        return errno == ENOPROTOOPT ? .number : .gone
    }

    private static func look(at pid: pid_t) -> PeerProcess {
        PeerProcess(executable: executable(of: pid), unit: processGroups(of: pid).flatMap(SystemdUnit.name))
    }

    private static func executable(of pid: pid_t) -> String? {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(PATH_MAX)) { buffer in
            let count = buffer.baseAddress.map { readlink("/proc/\(pid)/exe", $0, buffer.count) } ?? -1
            guard count > 0 else { return nil }
            return String(decoding: buffer[..<count].suffix(maximumPathLength), as: UTF8.self)
        }
    }

    private static func processGroups(of pid: pid_t) -> String? {
        let file = open("/proc/\(pid)/cgroup", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        // One line for each hierarchy, of which there are a dozen at most.
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16_384) { buffer in
            var length = 0
            while length < buffer.count, let start = buffer.baseAddress {
                let count = read(file, start + length, buffer.count - length)
                guard count >= 0 else { return nil }
                if count == 0 { break }
                length += count
            }
            return String(decoding: buffer[..<length], as: UTF8.self)
        }
    }
}
