import EndToEndHarness
import Foundation

/// Many clients on one thread, each with a connection of its own, that ask for a token again and again.
final class ClientCrowd {
    private struct Client {
        var connection: pollfd
        var unread: [UInt8] = []
        var generation = 0
        var isWaiting = false
        var next = ContinuousClock.now
    }

    /// What came of it.
    struct Result: Sendable {
        /// How many clients have a token of the generation that was awaited, or a newer one.
        var served = 0
        /// How many answers there were in all.
        var answers = 0
        /// The access tokens of that generation.
        var tokens: Set<String> = []
        /// When the first and the last client got it.
        var first: ContinuousClock.Instant?
        var last: ContinuousClock.Instant?
        var problems: [String] = []
    }

    private var clients: [Client] = []
    private let request: [UInt8]
    private var result = Result()

    /// Connects them all.
    init(_ count: Int, to home: Home, account: String) throws {
        let params: JSON = ["account": .string(account), "max_wait": 60]
        let text = JSON.object(["jsonrpc": "2.0", "id": 1, "method": "get_token", "params": params]).text
        request = Array((text + "\n").utf8)
        for _ in 0..<count {
            let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else { throw SystemError("socket") }
            clients.append(Client(connection: pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)))
            guard UnixSocket.connect(descriptor, to: home.socket) == 0 else { throw SystemError("connect") }
        }
    }

    deinit {
        for client in clients { close(client.connection.fd) }
    }

    /// Has each ask, and ask again a `pause` after its answer, until it has this generation.
    func run(until generation: Int, pause: Duration, within limit: Duration) throws -> Result {
        let start = ContinuousClock.now
        // Not all in the same instant: some ask before the token ends, and some after.
        for index in clients.indices { clients[index].next = start + pause * Double(index) / Double(clients.count) }
        result = Result()
        while result.served < clients.count, result.problems.count < 5 {
            guard ContinuousClock.now - start < limit else {
                result.problems.append("\(clients.count - result.served) clients had nothing after \(limit)")
                break
            }
            ask()
            var polled = clients.map(\.connection)
            guard poll(&polled, nfds_t(polled.count), 5) >= 0 || errno == EINTR else { throw SystemError("poll") }
            for index in polled.indices where polled[index].revents != 0 {
                try receive(index, awaiting: generation, pause: pause)
            }
        }
        return result
    }

    private func ask() {
        let now = ContinuousClock.now
        for index in clients.indices where !clients[index].isWaiting && clients[index].next <= now {
            let count = send(clients[index].connection.fd, request, request.count, Int32(MSG_NOSIGNAL))
            if count != request.count { result.problems.append("client \(index): \(SystemError("send"))") }
            clients[index].isWaiting = true
        }
    }

    private func receive(_ index: Int, awaiting generation: Int, pause: Duration) throws {
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        let count = recv(clients[index].connection.fd, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        guard count > 0 else {
            if count < 0, errno == EAGAIN { return }
            result.problems.append("client \(index): the connection ended")
            clients[index].connection.fd = -1
            return
        }
        clients[index].unread += buffer[..<count]
        guard clients[index].unread.last == UInt8(ascii: "\n") else { return }
        let answer = try JSON(String(decoding: clients[index].unread, as: UTF8.self))
        clients[index].unread = []
        take(answer, of: index, awaiting: generation, pause: pause)
    }

    private func take(_ answer: JSON, of index: Int, awaiting generation: Int, pause: Duration) {
        result.answers += 1
        guard let token = answer["result"], let own = token["generation"]?.int, let left = token["expires_in"]?.int,
            left > 0 || (left == 0 && own < generation)
        else { return result.problems.append("client \(index): \(answer.text)") }
        if own < clients[index].generation {
            result.problems.append("client \(index): generation \(own) after \(clients[index].generation)")
        }
        clients[index].generation = own
        clients[index].isWaiting = false
        clients[index].next = .now + pause
        guard own >= generation else { return }
        clients[index].next = .now + .seconds(3600)
        let now = ContinuousClock.now
        result.served += 1
        result.first = result.first ?? now
        result.last = now
        token["access_token"]?.string.map { _ = result.tokens.insert($0) }
    }
}
