import Glibc
package import Logging
package import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// Serves the protocol on a listening Unix socket.
///
/// Everything happens on one event loop: decoding a request and answering it from memory takes some microseconds, so a
/// second loop would buy little and cost switches of threads.
///
/// On graceful shutdown no further connection or request is taken; requests that have begun are answered, for
/// ``SocketLimits/drainTime`` at most, and the connections end. The event loop must outlive all replies.
package final class SocketServer: Service {
    private let listener: CInt
    private let door: SocketDoor
    private let eventLoop: any EventLoop
    private let limits: SocketLimits
    private let logger: Logger
    private let onServing: @Sendable () -> Void
    private let table: NIOLoopBoundBox<ConnectionTable>
    private let isStopping = Atomic(false)

    /// A server for `listener`, a listening stream socket that it takes over and closes.
    ///
    /// Who may connect is decided by ``AccessPolicy/role(of:)`` before anything is read. `onServing` is
    /// called once, when clients are being accepted. Raises the process's limit on descriptors, where it is too low for
    /// as many connections as there may be; where it can't be raised, there may be fewer.
    package init(
        listener: CInt,
        handler: any RequestHandling,
        eventLoop: any EventLoop,
        limits: SocketLimits = SocketLimits(),
        access: AccessPolicy = AccessPolicy(),
        logger: Logger,
        onServing: @escaping @Sendable () -> Void = {}
    ) {
        self.listener = listener
        self.eventLoop = eventLoop
        self.limits = limits
        self.logger = logger
        self.onServing = onServing
        table = .makeBoxSendingValue(ConnectionTable(on: eventLoop), eventLoop: eventLoop)
        door = SocketDoor(
            handler: handler,
            limits: limits,
            descriptorCeiling: DescriptorLimit.raise(for: limits.connections),
            access: access,
            table: table,
            logger: logger
        )
    }

    /// Serves until graceful shutdown or cancellation; the latter ends all connections at once. Throws if the socket
    /// can't be served, or fails.
    package func run() async throws {
        let server = try await bootstrap().withBoundSocket(listener).get()
        // Setting the server up listens anew, with a backlog of its own.
        if Glibc.listen(listener, limits.backlog) != 0 {
            logger.warning("the backlog of the socket stays short", metadata: ["error": "\(Errno.last)"])
        }
        let drained = eventLoop.makePromise(of: Void.self)
        server.closeFuture.whenComplete { [table, limits, eventLoop] _ in
            table.value.drain(within: limits.drainTime, on: eventLoop, promise: drained)
        }
        onServing()
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await drained.futureResult.get()
            } onGracefulShutdown: {
                self.stop(server)
            }
        } onCancel: {
            stop(server)
            eventLoop.execute { [table] in table.value.closeAll() }
        }
        guard isStopping.load(ordering: .acquiring) else { throw SocketServerError.listenerFailed }
    }

    private func stop(_ server: any Channel) {
        isStopping.store(true, ordering: .releasing)
        server.close(promise: nil)
    }

    private func bootstrap() -> ServerBootstrap {
        let pause = limits.unreadAnswersToPause
        return ServerBootstrap(group: eventLoop)
            .serverChannelInitializer { [door] channel in
                channel.eventLoop.makeCompletedFuture { try door.install(in: channel) }
            }
            .childChannelInitializer { [door] channel in
                channel.eventLoop.makeCompletedFuture { try door.admit(channel) }
            }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // One read and its answers, then the next client.
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(
                .recvAllocator,
                value: FixedSizeRecvByteBufferAllocator(capacity: limits.readLength)
            )
            .childChannelOption(.writeBufferWaterMark, value: .init(low: pause / 2, high: pause))
    }
}

/// Why a server ended that nobody told to.
package enum SocketServerError: Error, CustomStringConvertible {
    /// The listening socket broke.
    case listenerFailed

    package var description: String { "the listening socket failed" }
}
