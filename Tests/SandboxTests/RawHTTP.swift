import Foundation

/// One HTTP exchange over a plain socket, so that a test sees how the connection ends.
struct RawHTTP: Sendable {
    /// How the server ended it.
    enum End: Equatable {
        /// In good order: as many body bytes as the head announced.
        case complete
        /// The connection was closed before that.
        case closed
        case reset
        /// Nothing came for as long as the caller was willing to wait.
        case silence
    }

    struct Response {
        var end: End
        var bytes: [UInt8]

        /// Status line and header fields.
        var head: String { String(decoding: bytes[..<(headEnd ?? bytes.endIndex)], as: UTF8.self) }

        var body: [UInt8] { headEnd.map { Array(bytes[($0 + 4)...]) } ?? [] }

        var status: Int? { head.split(separator: " ").dropFirst().first.flatMap { Int($0) } }

        private var headEnd: Int? {
            bytes.indices.dropLast(3).first { bytes[$0..<$0 + 4].elementsEqual("\r\n\r\n".utf8) }
        }

        func header(_ name: String) -> String? {
            head.split(separator: "\r\n").first { $0.lowercased().hasPrefix(name + ":") }
                .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
        }
    }

    struct SocketError: Error {
        let call: String
        let errno: Int32
    }

    let port: Int

    /// Sends a request and reads until the answer is complete, the connection ends, `patience` runs out or `limit`
    /// bytes have come.
    func exchange(
        _ method: String,
        _ path: String,
        headers: [String: String] = [:],
        body: String = "",
        patience: Int = 30,
        limit: Int = .max
    ) async throws -> Response {
        var fields = headers
        fields["Host"] = "127.0.0.1"
        fields["Content-Length"] = "\(body.utf8.count)"
        let request =
            "\(method) \(path) HTTP/1.1\r\n" + fields.map { "\($0): \($1)\r\n" }.joined() + "\r\n" + body
        // A thread of its own: the server under test needs those of the pools.
        return try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result { try talk(Array(request.utf8), patience: patience, limit: limit) }
                )
            }
        }
    }

    private func talk(_ request: [UInt8], patience: Int, limit: Int) throws -> Response {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw SocketError(call: "socket", errno: errno) }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw SocketError(call: "connect", errno: errno) }
        guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            throw SocketError(call: "send", errno: errno)
        }
        var wait = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        return try receive(descriptor, limit: limit)
    }

    private func receive(_ descriptor: Int32, limit: Int) throws -> Response {
        var response = Response(end: .closed, bytes: [])
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while response.bytes.count < limit {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count == 0 { return response }
            if count < 0 {
                switch errno {
                case ECONNRESET: response.end = .reset
                case EAGAIN: response.end = .silence
                default: throw SocketError(call: "recv", errno: errno)
                }
                return response
            }
            response.bytes += buffer[..<count]
            // An endless body announces no length, and its text is never scanned twice.
            if response.bytes.count < 1 << 16, let length = response.header("content-length").flatMap({ Int($0) }),
                response.body.count >= length
            {
                response.end = .complete
                return response
            }
        }
        response.end = .silence
        return response
    }
}
