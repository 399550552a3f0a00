import NIOCore

/// Writes answers to one client, and closes the connection of a client that does not take them.
///
/// Confined to its channel's event loop.
final class AnswerWriter {
    private let context: ChannelHandlerContext
    private let limits: SocketLimits
    /// Whether something was written that ``flush()`` has not sent yet.
    private(set) var mustFlush = false
    private var bytesWritten = 0
    /// What the client had taken when `timer` was set.
    private var bytesTaken = 0
    /// Runs while so much is unread that no request is begun.
    private var timer: Scheduled<Void>?

    init(context: ChannelHandlerContext, limits: SocketLimits) {
        self.context = context
        self.limits = limits
    }

    /// Whether the client has taken enough of its answers to be given more. Follows the channel's water mark, which
    /// is set to ``SocketLimits/unreadAnswersToPause``.
    var isWritable: Bool { context.channel.isWritable }

    /// Writes an answer as a line that ``flush()`` will send, or closes the connection if too much is unread already.
    func write(_ answer: [UInt8]) {
        if !isWritable {
            flush()
            guard bytesUnread <= limits.unreadAnswers else { return context.close(promise: nil) }
        }
        var line = context.channel.allocator.buffer(capacity: answer.count + 1)
        line.writeBytes(answer)
        line.writeInteger(UInt8(ascii: "\n"))
        bytesWritten += line.readableBytes
        mustFlush = true
        context.write(NIOAny(line), promise: nil)
    }

    /// Sends what was written.
    func flush() {
        guard mustFlush else { return }
        mustFlush = false
        context.flush()
        writabilityChanged()
    }

    /// Closes the connection once all is sent.
    func closeWhenWritten() {
        let loopBound = context.loopBound
        context.writeAndFlush(NIOAny(ByteBuffer())).whenComplete { _ in loopBound.value.close(promise: nil) }
    }

    /// Shuts down our side once all is sent, so that the client reads an end.
    func closeOutputWhenWritten() {
        context.flush()
        context.close(mode: .output, promise: nil)
    }

    /// To be called when the channel says so: minds a client that takes nothing.
    func writabilityChanged() {
        if isWritable {
            timer?.cancel()
            timer = nil
        } else if timer == nil {
            setTimer()
        }
    }

    /// To be called when the channel is gone.
    func end() {
        mustFlush = false
        timer?.cancel()
        timer = nil
    }

    private func setTimer() {
        bytesTaken = bytesWritten - bytesUnread
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: limits.unreadTime) { [weak self] in
            guard let self else { return }
            timer = nil
            if bytesWritten - bytesUnread > bytesTaken { setTimer() } else { context.close(promise: nil) }
        }
    }

    private var bytesUnread: Int {
        // Fails for a channel that is closed only, and then nothing waits.
        (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }
}
