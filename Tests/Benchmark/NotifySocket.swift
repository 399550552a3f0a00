import EndToEndHarness
import Foundation

/// Hears what a service tells its manager (sd_notify(3)).
final class NotifySocket: Sendable {
    let path: String
    private let descriptor: Int32

    init() throws {
        path = try World.current.newPath("notify")
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError("socket") }
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw SystemError("bind") }
    }

    deinit { close(descriptor) }

    /// When READY=1 came.
    func waitForReady() async throws -> ContinuousClock.Instant {
        try await withCheckedThrowingContinuation { continuation in
            // It waits in the kernel, so that the moment is the true one.
            Thread { continuation.resume(with: Result { try self.receiveReady() }) }.start()
        }
    }

    private func receiveReady() throws -> ContinuousClock.Instant {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            let now = ContinuousClock.now
            guard count >= 0 else { throw SystemError("recv") }
            if String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n").contains("READY=1") {
                return now
            }
        }
    }
}
