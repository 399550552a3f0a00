import EndToEndHarness
import Foundation

/// A connection to the daemon for measuring: it waits in the kernel, where the harness's own looks every 2 ms.
final class BlockingConnection {
    private let descriptor: Int32
    private var unread: [UInt8] = []

    /// Connects; each later call waits for a minute at most.
    convenience init(_ home: Home) throws { try self.init(path: home.socket) }

    /// As above, to a daemon's socket wherever it is.
    init(path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError("socket") }
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        guard UnixSocket.connect(descriptor, to: path) == 0 else { throw SystemError("connect") }
    }

    deinit { close(descriptor) }

    /// Sends a line, which ends in `\n`, and returns the next that comes, without its end.
    func exchange(_ line: [UInt8]) throws -> [UInt8] {
        guard send(descriptor, line, line.count, Int32(MSG_NOSIGNAL)) == line.count else {
            throw SystemError("send")
        }
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                defer { unread.removeFirst(end + 1) }
                return Array(unread[..<end])
            }
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count >= 0 else { throw SystemError("recv") }
            guard count > 0 else { throw Finished.Unexpected(description: "the daemon ended the connection") }
            unread += buffer[..<count]
        }
    }
}

/// What the C interface makes long-winded.
enum UnixSocket {
    /// As connect(2), to a path.
    static func connect(_ descriptor: Int32, to path: String) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { field in
            field.copyBytes(from: path.utf8)
            return path.utf8.count < field.count
        }
        precondition(fits, "the path is too long for a socket: \(path)")
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
