import Foundation

/// A stream socket to a program on this machine. Never blocks its thread.
package final class LocalSocket {
    private let descriptor: Int32
    private var unread: [UInt8] = []

    /// Connects to a Unix socket. Throws at once where nobody listens.
    package init(path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError("socket") }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { field in
            field.copyBytes(from: path.utf8)
            return path.utf8.count < field.count
        }
        precondition(fits, "the path is too long for a socket: \(path)")
        try connect(&address)
    }

    /// Connects to a port of 127.0.0.1.
    package init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError("socket") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        try connect(&address)
    }

    deinit { close(descriptor) }

    private func connect<Address>(_ address: inout Address) throws {
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
        guard result == 0 else { throw SystemError("connect") }
    }

    /// Sends all of it.
    package func send(_ bytes: some Collection<UInt8>) async throws {
        var rest = Array(bytes)[...]
        try await eventually("room to send") {
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
                }
                guard count >= 0 else {
                    if errno == EAGAIN { return false }
                    throw SystemError("send")
                }
                rest = rest.dropFirst(count)
            }
            return true
        }
    }

    /// Ends this side: nothing more will be sent.
    package func endSending() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    /// Whether there is something to read, be it the end of what the other side sends.
    package var hasSomethingToRead: Bool {
        var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return !unread.isEmpty || poll(&wanted, 1, 0) > 0
    }

    /// The next line without its `\n`; nil at the end of what the other side sends.
    package func line(within limit: Duration = patience) async throws -> String? {
        try await eventually("a line", within: limit, every: .milliseconds(2)) { () -> String?? in
            while true {
                if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                    defer { unread.removeFirst(end + 1) }
                    return .some(String(decoding: unread[..<end], as: UTF8.self))
                }
                switch try receive() {
                case nil: return nil
                case 0: return .some(nil)
                default: continue
                }
            }
        }
    }

    /// Everything up to the end of what the other side sends.
    package func rest(within limit: Duration = patience) async throws -> [UInt8] {
        try await eventually("the end of the connection", within: limit, every: .milliseconds(2)) {
            while true {
                switch try receive() {
                case nil: return false
                case 0: return true
                default: continue
                }
            }
        }
        return unread
    }

    /// Takes what is there: how many bytes that was, 0 for the end, nil for nothing yet.
    private func receive() throws -> Int? {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        guard count >= 0 else {
            if errno == EAGAIN { return nil }
            throw SystemError("recv")
        }
        unread += buffer[..<count]
        return count
    }
}

/// One HTTP exchange with a server on this machine.
package enum LoopbackHTTP {
    package struct Response: Sendable {
        package let status: Int
        package let body: String
    }

    package struct NotHTTP: Error {}

    package static func exchange(
        port: Int,
        _ method: String,
        _ path: String,
        headers: [String: String] = [:],
        body: String = ""
    ) async throws -> Response {
        let socket = try LocalSocket(port: port)
        var fields = headers
        fields["Host"] = "127.0.0.1:\(port)"
        fields["Connection"] = "close"
        fields["Content-Length"] = "\(body.utf8.count)"
        let head = "\(method) \(path) HTTP/1.1\r\n" + fields.map { "\($0): \($1)\r\n" }.joined() + "\r\n"
        try await socket.send((head + body).utf8)
        let answer = String(decoding: try await socket.rest(), as: UTF8.self)
        guard let end = answer.range(of: "\r\n\r\n"),
            let status = answer.split(separator: " ", maxSplits: 2).dropFirst().first.flatMap({ Int($0) })
        else { throw NotHTTP() }
        return Response(status: status, body: String(answer[end.upperBound...]))
    }
}
