import Glibc

/// The address of a Unix socket (unix(7)).
struct UnixAddress {
    /// The path is empty, holds a zero byte, or is longer than fits.
    struct Unusable: Error {}

    private var address: sockaddr_un
    private var length: socklen_t

    /// The address of the socket file at `path`.
    init(_ path: String) throws(Unusable) {
        guard !path.utf8.isEmpty, !path.utf8.contains(0) else { throw Unusable() }
        // With the zero at the end, which the length counts.
        try self.init(bytes: Array(path.utf8) + [0])
    }

    /// The address with this name in the abstract namespace, which has no file.
    init(abstract name: String) throws(Unusable) {
        try self.init(bytes: [0] + Array(name.utf8))
    }

    private init(bytes: [UInt8]) throws(Unusable) {
        address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard bytes.count <= room else { throw Unusable() }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        length = socklen_t(MemoryLayout<sockaddr_un>.size - room + bytes.count)
    }

    /// bind(2). On false, `errno` says why.
    func bind(_ socket: CInt) -> Bool {
        withSocketAddress { Glibc.bind(socket, $0, length) == 0 }
    }

    /// connect(2). On false, `errno` says why.
    func connect(_ socket: CInt) -> Bool {
        withSocketAddress { Glibc.connect(socket, $0, length) == 0 }
    }

    private func withSocketAddress(_ body: (UnsafePointer<sockaddr>) -> Bool) -> Bool {
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
        }
    }
}
