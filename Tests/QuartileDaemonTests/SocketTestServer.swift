import Dispatch
import Glibc
import Logging
import NIOCore
import NIOPosix
import QuartileWire
import ServiceLifecycle
import Synchronization
import Testing

@testable import QuartileDaemon

/// Answers by the method's name: `echo` at once with `"echo"`, `text` with as many letters as `params.count` says,
/// `later` from another thread, `never` not at all, `twice` two times; `hold` when the test says so. `stall` keeps the loop
/// from everything else until the test says so.
final class ScriptedHandler: RequestHandling {
    /// Lets a `stall` end.
    let stall = DispatchSemaphore(value: 0)
    private let held = Mutex<[Reply]>([])
    private let callers = Mutex<[Caller]>([])
    private let calls = Mutex<[String]>([])

    var heldCount: Int { held.withLock { $0.count } }
    var methods: [String] { calls.withLock { $0 } }
    var lastCaller: Caller? { callers.withLock { $0.last } }

    func handle(_ request: Request, from caller: Caller, reply: Reply) {
        calls.withLock { $0.append(request.method) }
        callers.withLock { $0.append(caller) }
        switch request.method {
        case "echo": reply(JSON.string("echo"))
        case "text":
            let count = request.params?.object?["count"]?.int64 ?? 0
            reply(JSON.string(String(repeating: "x", count: Int(count))))
        case "later":
            NIOSingletons.posixBlockingThreadPool.submit { _ in reply(JSON.string("later")) }
        case "never": break
        case "stall":
            stall.wait()
            reply(JSON.string("stalled"))
        case "twice":
            reply(JSON.string("first"))
            reply(JSON.string("second"))
        case "hold": held.withLock { $0.append(reply) }
        default: reply(WireError(.methodNotFound, "no such method"))
        }
    }

    /// Answers the oldest request that is held.
    func release(_ result: JSON = "held") {
        let reply = held.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        reply?(result)
    }

    /// Waits until `count` requests are held.
    func waitForHeld(_ count: Int) async throws {
        try await waitUntil("\(count) requests are held") { heldCount == count }
    }
}

/// Looks again and again until `condition` holds, for 20 s at most.
func waitUntil(
    _ what: Comment,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    // Bounds a hang and measures nothing: on a busy machine a child process alone may take half a minute to start.
    let deadline = ContinuousClock.now + .seconds(90)
    while try await !condition() {
        try #require(ContinuousClock.now < deadline, what, sourceLocation: sourceLocation)
        try await Task.sleep(for: .milliseconds(2))
    }
}

/// A server on a socket of its own, for the length of `body`.
struct SocketTestServer {
    let path: String
    let handler: ScriptedHandler
    let group: ServiceGroup

    static let silentLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    func client() throws -> SocketTestClient { try SocketTestClient(path) }

    /// So many clients that have been served.
    func clients(_ count: Int) async throws -> [SocketTestClient] {
        let clients = try (0..<count).map { _ in try client() }
        for client in clients {
            try client.call("echo", id: 1)
            _ = try await client.line()
        }
        return clients
    }

    /// Asks for graceful shutdown; returns before it is done.
    func stop() async { await group.triggerGracefulShutdown() }

    static func with(
        path: String? = nil,
        limits: SocketLimits = SocketLimits(),
        access: AccessPolicy = AccessPolicy(),
        _ body: (SocketTestServer) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory()
        let path = path ?? directory.file("socket")
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let handler = ScriptedHandler()
        let (serving, isServing) = AsyncStream<Void>.makeStream()
        let server = SocketServer(
            listener: try #require(listeningSocket(at: path)),
            handler: handler,
            eventLoop: loops.next(),
            limits: limits,
            access: access,
            logger: silentLogger,
            onServing: { isServing.finish() }
        )
        let group = ServiceGroup(services: [server], logger: silentLogger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            for await _ in serving {}
            do {
                try await body(SocketTestServer(path: path, handler: handler, group: group))
            } catch {
                tasks.cancelAll()
                throw error
            }
            tasks.cancelAll()
            try await tasks.waitForAll()
        }
        try await loops.shutdownGracefully()
    }

    /// A socket that listens at `path`, or nil.
    static func listeningSocket(at path: String) -> CInt? {
        let socket = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0, (try? UnixAddress(path).bind(socket)) == true, listen(socket, 128) == 0 else { return nil }
        return socket
    }
}
