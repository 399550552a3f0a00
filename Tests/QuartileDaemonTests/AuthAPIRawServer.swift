import Foundation
import Glibc
import Synchronization

/// A server on loopback that does exactly what a test tells it, byte by byte; one thread a connection.
final class RawServer: Sendable {
    let port: Int
    private let listener: CInt
    private let log = Mutex(Log())

    private struct Log {
        var connections = 0
        var requests: [RawRequest] = []
        var stopped = false
    }

    /// How many connections were accepted.
    var connections: Int { log.withLock { $0.connections } }
    /// The requests that were read, in order.
    var requests: [RawRequest] { log.withLock { $0.requests } }
    /// Where it listens.
    var url: String { "http://127.0.0.1:\(port)" }

    /// Listens, and gives each connection to `serve`; closes it afterwards.
    init(backlog: CInt = 128, _ serve: (@Sendable (RawConnection) -> Void)?) throws {
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        try orThrow(listener >= 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(listener, generic, length) == 0 && listen(listener, backlog) == 0
                    && getsockname(listener, generic, &length) == 0
            }
        }
        try orThrow(bound)
        port = Int(UInt16(bigEndian: address.sin_port))
        guard let serve else { return }
        Thread.detachNewThread { [self] in
            while true {
                let descriptor = accept(listener, nil, nil)
                let stopped = log.withLock { log in
                    log.connections += descriptor >= 0 && !log.stopped ? 1 : 0
                    return log.stopped
                }
                guard descriptor >= 0, !stopped else {
                    if descriptor >= 0 { close(descriptor) }
                    return
                }
                Thread.detachNewThread { [self] in
                    let connection = RawConnection(descriptor) { request in
                        self.log.withLock { $0.requests.append(request) }
                    }
                    serve(connection)
                    connection.finish()
                }
            }
        }
    }

    /// Answers every request with `answer`.
    static func answering(_ answer: String) throws -> RawServer {
        try RawServer { connection in
            while connection.readRequest() != nil { connection.write(answer) }
        }
    }

    func stop() {
        log.withLock { $0.stopped = true }
        shutdown(listener, CInt(SHUT_RDWR))
        close(listener)
    }
}

/// What a client sent.
struct RawRequest: Sendable {
    var line: String
    var headers: [(name: String, value: String)]
    var body: String

    func values(_ name: String) -> [String] {
        headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }
}

/// One accepted connection, used by its thread alone.
final class RawConnection {
    let descriptor: CInt
    private let record: (RawRequest) -> Void
    private var isOpen = true
    private var unread: [UInt8] = []

    init(_ descriptor: CInt, record: @escaping (RawRequest) -> Void) {
        self.descriptor = descriptor
        self.record = record
    }

    /// The next request, read to the end of its body; nil where the client closed first.
    @discardableResult
    func readRequest() -> RawRequest? {
        var end: Int?
        while true {
            end = unread.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound
            if end != nil { break }
            guard readMore() else { return nil }
        }
        guard let end else { return nil }
        let lines = String(decoding: unread[..<end], as: UTF8.self).components(separatedBy: "\r\n")
        let headers = lines.dropFirst().compactMap { line -> (name: String, value: String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            return (String(line[..<colon]), String(value))
        }
        var request = RawRequest(line: lines[0], headers: headers, body: "")
        let length = request.values("Content-Length").first.flatMap { Int($0) } ?? 0
        while unread.count < end + length {
            guard readMore() else { return nil }
        }
        request.body = String(decoding: unread[end..<end + length], as: UTF8.self)
        unread.removeFirst(end + length)
        record(request)
        return request
    }

    private func readMore() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return false }
        unread += buffer[..<count]
        return true
    }

    /// Reads until the client closes.
    func drain() {
        while readMore() { unread.removeAll() }
    }

    /// False once the client is gone.
    @discardableResult
    func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            guard sent > 0 else { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }

    /// Closes with a reset in place of an orderly end.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        finish()
    }

    func finish() {
        if isOpen { close(descriptor) }
        isOpen = false
    }
}

/// A client of a server on loopback.
enum RawClient {
    /// A connected socket or, where it does not wait for that, one that has begun to connect.
    static func connect(port: Int, waits: Bool = true) -> CInt {
        let kind = SOCK_STREAM.rawValue | (waits ? 0 : SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_INET, CInt(kind), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                // One that could not connect gives itself away at the first read.
                _ = Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return descriptor
    }
}

private struct ServerUnavailable: Error { var errno: CInt }
private func orThrow(_ holds: Bool) throws { if !holds { throw ServerUnavailable(errno: errno) } }
