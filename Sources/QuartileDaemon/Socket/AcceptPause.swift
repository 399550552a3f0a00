import Glibc
import Logging
import NIOCore

/// Makes a listening channel wait, rather than spin, while a connection can't be accepted for want of descriptors or
/// memory.
///
/// The channel asks to hear of waiting connections until it has accepted one, and so would hear of the same one for ever:
/// only turning its reads off altogether makes it silent. NIO's `AcceptBackoffHandler` delays the next read but leaves
/// one that is pending; from its second failure on, 25,000 attempts a second were counted.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private let time: TimeAmount
    private let logger: Logger
    private var isPausing = false
    private var nextWarning = NIODeadline.now()

    /// Pauses for `time` after each failure.
    init(for time: TimeAmount, logger: Logger) {
        self.time = time
        self.logger = logger
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let code = (error as? IOError)?.errnoCode, [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(code) else {
            context.fireErrorCaught(error)
            return
        }
        warn(Errno(code))
        guard !isPausing else { return }
        isPausing = true
        setReading(false, context)
        let loopBound = context.loopBound
        context.eventLoop.assumeIsolated().scheduleTask(in: time) { [self] in
            isPausing = false
            setReading(true, loopBound.value)
        }
    }

    private func setReading(_ isReading: Bool, _ context: ChannelHandlerContext) {
        // Fails for a channel that was closed meanwhile, which reads no more anyway.
        try? context.channel.syncOptions?.setOption(.autoRead, value: isReading)
    }

    private func warn(_ error: Errno) {
        // Once a minute, whatever clients do.
        guard NIODeadline.now() >= nextWarning else { return }
        nextWarning = .now() + .minutes(1)
        logger.warning("clients wait: no connection can be accepted", metadata: ["error": "\(error)"])
    }
}
