import Glibc
import NIOCore

/// The connections that are open, so that they can be counted and ended. Confined to the server's event loop.
final class ConnectionTable {
    private var connections: [ObjectIdentifier: SocketConnection] = [:]
    private var counts: [uid_t: Int] = [:]
    private var whenEmpty: EventLoopPromise<Void>?
    private let flushes: FlushQueue

    init(on loop: any EventLoop) {
        flushes = FlushQueue(on: loop)
    }

    /// How many are open.
    var count: Int { connections.count }

    /// How many of them are the owner's and root's.
    private(set) var countOfTheOwner = 0

    /// How many of them are a user's.
    func count(of uid: uid_t) -> Int { counts[uid] ?? 0 }

    /// Takes in a connection.
    func add(_ connection: SocketConnection) {
        connections[ObjectIdentifier(connection)] = connection
        counts[connection.caller.peer.uid, default: 0] += 1
        if connection.caller.role == .owner { countOfTheOwner += 1 }
    }

    /// Lets go of a connection that has ended.
    func remove(_ connection: SocketConnection) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        counts[connection.caller.peer.uid, default: 0] -= 1
        if connection.caller.role == .owner { countOfTheOwner -= 1 }
        if connections.isEmpty { finish() }
    }

    /// Sends what was written to a client: at once if it is the only one, else with what others get in this turn.
    func flush(_ writer: AnswerWriter) {
        if count > 1 { flushes.append(writer) } else { writer.flush() }
    }

    /// Ends each connection as soon as what it has begun is answered, and all of them after `time`. Succeeds
    /// `promise` when none is left. Called once.
    func drain(within time: TimeAmount, on loop: any EventLoop, promise: EventLoopPromise<Void>) {
        whenEmpty = promise
        let deadline = loop.assumeIsolated().scheduleTask(in: time) { [self] in closeAll() }
        promise.futureResult.whenComplete { _ in deadline.cancel() }
        for connection in connections.values { connection.stop() }
        if connections.isEmpty { finish() }
    }

    /// Ends all connections now.
    func closeAll() {
        for connection in connections.values { connection.closeNow() }
    }

    private func finish() {
        whenEmpty?.succeed()
        whenEmpty = nil
    }
}
