import EndToEndHarness
import Foundation
import Synchronization

/// Clients that do not do as they should, by accident or design: so many of one kind, on one thread.
final class RudeClients: Sendable {
    enum Kind: String, CaseIterable, Sendable {
        /// Sends a line that grows by a byte a second and never ends.
        case slow
        /// Sends proper requests, each byte on its own.
        case bytewise
        /// Ends its side after its requests, and reads late.
        case halfClosed = "half-closed"
        /// Asks and asks, and reads nothing.
        case neverReading = "never-reading"
        /// Sends lines that are longer than any may be.
        case overlong
        /// Sends half a request and is gone.
        case vanishing

        /// How long after one step of a client the next follows.
        fileprivate var pause: Duration {
            switch self {
            case .slow: .seconds(1)
            case .bytewise: .milliseconds(10)
            case .neverReading: .milliseconds(50)
            case .halfClosed, .overlong, .vanishing: .milliseconds(500)
            }
        }
    }

    /// Shared with the thread.
    private final class Ending: Sendable {
        let hasCome = Mutex(false)
    }

    private let ending = Ending()
    private let work: Task<Int, any Error>

    init(_ kind: Kind, count: Int, to home: Home, account: String) {
        work = Task { [ending] in
            try await onThread {
                var clients = (0..<count).map { _ in RudeClient(kind, path: home.socket, account: account) }
                var steps = 0
                while !ending.hasCome.withLock({ $0 }) {
                    let now = ContinuousClock.now
                    for index in clients.indices where clients[index].next <= now {
                        try clients[index].step()
                        clients[index].next = now + kind.pause
                        steps += 1
                    }
                    usleep(2000)
                }
                for client in clients { client.end() }
                return steps
            }
        }
    }

    /// Ends them all, and returns how many steps they took.
    func finish() async throws -> Int {
        ending.hasCome.withLock { $0 = true }
        return try await work.value
    }
}

private struct RudeClient {
    let kind: RudeClients.Kind
    let path: String
    let request: [UInt8]
    var next = ContinuousClock.now
    private var descriptor: Int32 = -1
    private var sent = 0

    init(_ kind: RudeClients.Kind, path: String, account: String) {
        self.kind = kind
        self.path = path
        let text = #"{"jsonrpc":"2.0","id":1,"method":"get_token","params":{"account":"\#(account)"}}"#
        request = Array((text + "\n").utf8)
    }

    mutating func step() throws {
        if descriptor < 0 { try connect() }
        switch kind {
        case .slow: push([UInt8(ascii: " ")])
        case .bytewise:
            push([request[sent % request.count]])
            take()
        case .halfClosed:
            take()
            if sent > 0 { return leave() }
            push(request + request)
            if descriptor >= 0 { shutdown(descriptor, Int32(SHUT_WR)) }
        case .neverReading:
            for _ in 0..<200 where descriptor >= 0 {
                guard push(request) else { break }
            }
        case .overlong:
            take()
            push([UInt8](repeating: UInt8(ascii: "x"), count: 1 << 16))
        case .vanishing:
            push(request + request.prefix(20))
            leave()
        }
    }

    func end() {
        if descriptor >= 0 { close(descriptor) }
    }

    private mutating func connect() throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError("socket") }
        guard UnixSocket.connect(descriptor, to: path) == 0 else { throw SystemError("connect") }
        sent = 0
    }

    /// Sends what the kernel takes. False where it takes nothing; the connection is given up where it is over.
    @discardableResult
    private mutating func push(_ bytes: [UInt8]) -> Bool {
        guard descriptor >= 0 else { return false }
        let count = send(descriptor, bytes, bytes.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
        if count > 0 { sent += count }
        if count < 0, errno != EAGAIN { leave() }
        return count > 0
    }

    /// Reads what is there, and leaves where the daemon has ended the connection.
    private mutating func take() {
        guard descriptor >= 0 else { return }
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count == 0 || (count < 0 && errno != EAGAIN) { leave() }
    }

    private mutating func leave() {
        end()
        descriptor = -1
    }
}
