import Glibc
import QuartileWire

@testable import QuartileDaemon

/// A client on a real socket. What does not come within 20 s does not come. Waits for what it reads without holding up
/// the thread, since there are few of them and the server's own tasks need one.
final class SocketTestClient {
    enum End: Error, Equatable {
        case timedOut
        case failed(CInt)
    }

    let socket: CInt
    private var buffer: [UInt8] = []
    /// Up to where there is no line break in it.
    private var scanned = 0
    private var isOpen = true

    /// Connects to `path`, or throws the number of the error.
    init(_ path: String) throws {
        socket = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else {
            isOpen = false
            throw End.failed(errno)
        }
        var time = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        // What throws from here on is closed by deinit.
        guard try UnixAddress(path).connect(socket) else { throw End.failed(errno) }
    }

    deinit { close() }

    func close() {
        guard isOpen else { return }
        isOpen = false
        Glibc.close(socket)
    }

    /// Sends all of `bytes`. Throws what send(2) failed with.
    func send(_ bytes: [UInt8]) throws {
        try SocketTestClient.send(bytes, to: socket)
    }

    static func send(_ bytes: [UInt8], to socket: CInt) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            guard count >= 0 else { throw errno == EAGAIN ? End.timedOut : End.failed(errno) }
            rest = rest.dropFirst(count)
        }
    }

    func send(_ text: String) throws {
        try send(Array(text.utf8))
    }

    /// Calls a method with a number as id.
    func call(_ method: String, id: Int64, params: JSON? = nil) throws {
        try send(Request(id: .number(JSON.Number(id)), method: method, params: params).line)
    }

    func endInput() {
        shutdown(socket, CInt(SHUT_WR))
    }

    /// The next line, or nil at the end.
    func line() async throws -> String? {
        let deadline = ContinuousClock.now + .seconds(20)
        while true {
            if let end = buffer[scanned...].firstIndex(of: UInt8(ascii: "\n")) {
                defer {
                    buffer.removeFirst(end + 1)
                    scanned = 0
                }
                return String(decoding: buffer[..<end], as: UTF8.self)
            }
            scanned = buffer.count
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = recv(socket, &chunk, chunk.count, CInt(MSG_DONTWAIT))
            if count == 0 { return nil }
            if count > 0 {
                buffer += chunk[..<count]
            } else {
                guard errno == EAGAIN else { throw End.failed(errno) }
                guard ContinuousClock.now < deadline else { throw End.timedOut }
                try await Task.sleep(for: .milliseconds(1))
            }
        }
    }

    /// The next line as an answer: its id and its result, or its error's name.
    func answer() async throws -> SocketTestAnswer? {
        try await line().map { try SocketTestAnswer(JSON.parse($0.utf8)) }
    }

    /// Whether something can be read within `milliseconds`.
    func isReadable(within milliseconds: CInt) -> Bool {
        var poll = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        return Glibc.poll(&poll, 1, milliseconds) > 0
    }
}

/// What a test looks at of an answer.
struct SocketTestAnswer: Equatable {
    var id: RequestID
    var content: String

    init(id: RequestID, _ content: String) {
        self.id = id
        self.content = content
    }

    init(_ json: JSON) throws {
        let response = try Response(json: json)
        id = response.id
        switch response.outcome {
        case .success(let result): content = result.string ?? result.text
        case .failure(let error): content = error.code.name
        }
    }
}
