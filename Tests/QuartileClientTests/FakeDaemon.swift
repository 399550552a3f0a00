import Glibc
import QuartileWire
import Synchronization

/// A Unix socket that answers as a test says: for what a real daemon does not do on demand.
///
/// It serves one connection after the other on a thread of its own, since its clients block theirs.
final class FakeDaemon: Sendable {
    /// What it does about a request.
    enum Action: Sendable {
        /// Sends these bytes.
        case send([UInt8])
        /// Sends these bytes and closes the connection.
        case sendAndClose([UInt8])
        /// Closes the connection, the listening socket too, and opens it again after a while.
        case restart(milliseconds: Int32)
        /// Says nothing, and keeps the connection.
        case nothing

        /// Answers the request.
        static func result(_ result: JSON, to request: Request) -> Action {
            .send(Response(id: request.id ?? .null, result: result).line)
        }

        /// Answers the request with an error.
        static func error(_ error: WireError, to request: Request) -> Action {
            .send(Response(id: request.id ?? .null, error: error).line)
        }

        static let close = sendAndClose([])
    }

    /// A directory of its own, removed at the end.
    let directory: String
    var path: String { directory + "/quartiled.sock" }

    private let state = Mutex((requests: [Request](), connections: 0, isStopped: false))
    private let handler: @Sendable (_ request: Request, _ connection: Int) -> Action

    /// Every request so far.
    var requests: [Request] { state.withLock { $0.requests } }
    /// How many connections there have been.
    var connections: Int { state.withLock { $0.connections } }

    /// Starts. The handler is given each request, and the number of its connection from 1.
    init(_ handler: @escaping @Sendable (_ request: Request, _ connection: Int) -> Action) {
        self.handler = handler
        directory = makeTemporaryDirectory()
        let listener = listen(at: path)
        onThread { [self] in serve(listener) }
    }

    /// Ends it; a client that is connected is closed on.
    func stop() {
        state.withLock { $0.isStopped = true }
        close(connect(to: path))
        unlink(path)
        rmdir(directory)
    }

    private func serve(_ first: Int32) {
        var listener = first
        while true {
            let connection = accept(listener, nil, nil)
            let number = state.withLock { state -> Int? in
                guard !state.isStopped else { return nil }
                state.connections += 1
                return state.connections
            }
            guard let number else {
                close(connection)
                close(listener)
                return
            }
            let pause = converse(connection, number)
            if let pause {
                close(listener)
                unlink(path)
                close(connection)
                poll(nil, 0, pause)
                listener = listen(at: path)
            } else {
                close(connection)
            }
        }
    }

    /// Serves a connection to its end. The milliseconds after which to open again, if it is to be a restart.
    private func converse(_ connection: Int32, _ number: Int) -> Int32? {
        var framer = LineFramer()
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            buffer[..<count].withUnsafeBytes { framer.append($0) }
            while case .line(let line)? = framer.next() {
                guard case .single(.request(let request)) = Message.decode(line) else { return nil }
                state.withLock { $0.requests.append(request) }
                switch handler(request, number) {
                case .send(let bytes): sendAll(bytes, connection)
                case .sendAndClose(let bytes):
                    sendAll(bytes, connection)
                    return nil
                case .restart(let milliseconds): return milliseconds
                case .nothing: break
                }
            }
        }
    }
}

private func sendAll(_ bytes: [UInt8], _ descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard count > 0 else { return }
        rest = rest.dropFirst(count)
    }
}

/// Runs `body` on a thread of its own.
func onThread(_ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    pthread_create(
        &thread,
        nil,
        { argument in
            if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
            return nil
        },
        Unmanaged.passRetained(Box(body)).toOpaque()
    )
    pthread_detach(thread)
}

/// A new directory that nobody else uses.
func makeTemporaryDirectory() -> String {
    var template = Array("/tmp/quartile-test-XXXXXX".utf8CString)
    return template.withUnsafeMutableBufferPointer { buffer in
        guard let path = buffer.baseAddress.flatMap({ mkdtemp($0) }) else {
            preconditionFailure("mkdtemp: errno \(errno)")
        }
        return String(cString: path)
    }
}

/// A socket that listens at `path`.
func listen(at path: String, backlog: Int32 = 16) -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    let result = withAddress(path) { bind(descriptor, $0, $1) }
    precondition(result == 0 && Glibc.listen(descriptor, backlog) == 0, "\(path): errno \(errno)")
    return descriptor
}

/// A socket connected to `path`.
func connect(to path: String) -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    _ = withAddress(path) { connect(descriptor, $0, $1) }
    return descriptor
}

private func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
}
