import NIOCore
import QuartileWire

/// One client's connection: cuts lines, decodes them, passes requests on, gathers answers, and holds the client to its
/// limits.
///
/// Confined to its channel's event loop. Answers leave once for each pass over what was read, or for each
/// turn of the loop: see ``FlushQueue``.
final class SocketConnection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What becomes of what the client sends.
    private enum Input {
        /// It is read and served. Goes on to each of the others.
        case open
        /// The client ended its side: what came before is served, then the connection ends.
        case ended
        /// A line was too long: what has begun is answered, and what still comes is dropped. Bytes left unread at a
        /// close would reach the client as a reset, in place of the end, and might cost it our last answer.
        case dropped(byteCount: Int)
        /// Nothing more is read: what has begun is answered, then the connection ends.
        case stopped
    }

    /// One request that is not begun yet, and its place in a batch where it has one.
    private struct Entry {
        var content: Message.Entry
        var place: BatchPlace?
    }

    private struct BatchPlace {
        var batch: BatchAnswers
        var index: Int
    }

    /// What an answer needs to find its way back.
    private struct Ticket {
        var connection: SocketConnection
        var place: BatchPlace?
    }

    let caller: Caller
    private let handler: any RequestHandling
    private let limits: SocketLimits
    private let table: ConnectionTable

    private var context: ChannelHandlerContext?
    private var writer: AnswerWriter?
    private var input = Input.open
    private var framer: LineFramer
    /// What is not begun of the batch that was read last.
    private var entries: ArraySlice<Entry> = []
    private var requestsInFlight = 0
    /// The channel asked for a read, and it is held back.
    private var isReadHeld = false
    private var isAdvancing = false
    /// It began as many requests as one turn allows; the rest comes after what others want.
    private var isWaitingForTurn = false
    /// Everything is answered; the end is under way.
    private var isEnding = false
    /// Runs while a line has begun, or while what comes is dropped.
    private var timer: Scheduled<Void>?

    init(caller: Caller, handler: any RequestHandling, limits: SocketLimits, table: ConnectionTable) {
        self.caller = caller
        self.handler = handler
        self.limits = limits
        self.table = table
        framer = LineFramer(maximumLength: limits.lineLength)
    }

    /// Answers what has begun, then ends the connection.
    func stop() {
        switch input {
        case .dropped where isEnding: closeNow()
        case .open, .ended, .dropped, .stopped:
            input = .stopped
            advance()
        }
    }

    /// Ends the connection, whatever is outstanding.
    func closeNow() {
        context?.close(promise: nil)
    }

    // MARK: What the channel tells

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        writer = AnswerWriter(context: context, limits: limits)
        table.add(self)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = Self.unwrapInboundIn(data)
        switch input {
        case .open, .ended:
            buffer.withUnsafeReadableBytes { bytes in
                framer.append(bytes)
                // The event loop reads into the same memory again and again, and a password may not lie in it until then.
                // Nobody else has it meanwhile: it was read for this handler, the only one, on this loop.
                let memory = UnsafeMutableRawBufferPointer(mutating: bytes)
                memory.initializeMemory(as: UInt8.self, repeating: 0)
            }
        case .dropped(let byteCount):
            input = .dropped(byteCount: byteCount + buffer.readableBytes)
            if byteCount > limits.unreadAnswers { closeNow() }
        case .stopped: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        advance()
    }

    func read(context: ChannelHandlerContext) {
        if mayRead { context.read() } else { isReadHeld = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        writer?.writabilityChanged()
        advance()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed? = event as? ChannelEvent else { return }
        switch input {
        case .open: input = .ended
        case .dropped where isEnding: closeNow()
        case .ended, .dropped, .stopped: break
        }
        advance()
    }

    /// A connection that breaks is a client that went away, which is its right.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    // MARK: From line to answer

    /// Whether a further request may be begun.
    private var mayBegin: Bool {
        guard let writer, !isEnding, !isWaitingForTurn else { return false }
        return requestsInFlight < limits.requestsInFlight && writer.isWritable
    }

    private var mayRead: Bool {
        switch input {
        case .open, .ended: mayBegin && entries.isEmpty
        case .dropped: true
        case .stopped: false
        }
    }

    /// Begins all that may be begun, and sends what was answered meanwhile.
    private func advance() {
        // An answer given at once, and a flush that makes room, come back here from within.
        guard !isAdvancing else { return }
        isAdvancing = true
        defer { isAdvancing = false }
        var isExhausted = false
        var left = limits.requestsInOneTurn
        repeat {
            while mayBegin, !isExhausted {
                isExhausted = !beginNext()
                left -= 1
                if left == 0, table.count > 1 { waitForTurn() }
            }
            if let writer { table.flush(writer) }
        } while mayBegin && !isExhausted
        settle()
    }

    /// Goes on after the loop has looked at the other connections. A task that is due already would come before them.
    private func waitForTurn() {
        isWaitingForTurn = true
        context?.eventLoop.assumeIsolated().scheduleTask(in: limits.turnPause) { [weak self] in
            self?.isWaitingForTurn = false
            self?.advance()
        }
    }

    /// Begins the next request. Returns whether there was one.
    private func beginNext() -> Bool {
        if let entry = entries.popFirst() {
            begin(entry)
            return true
        }
        switch input {
        case .dropped, .stopped: return false
        case .open, .ended: break
        }
        switch framer.next() {
        case .line(let line)?: take(line)
        case .overlong?:
            input = .dropped(byteCount: 0)
            setTimer(nil)
            writer?.write(Response.overlongLine.bytes)
        case nil:
            guard case .ended = input, let line = framer.takeRemainder() else { return false }
            take(line)
        }
        return true
    }

    private func take(_ line: [UInt8]) {
        setTimer(nil)
        switch Message.decode(line) {
        case .single(let content): begin(Entry(content: content))
        case .batch(let contents):
            let batch = BatchAnswers(count: contents.count, maximumByteCount: limits.unreadAnswers)
            entries =
                contents.enumerated().map { index, content in
                    Entry(content: content, place: BatchPlace(batch: batch, index: index))
                }[...]
        }
    }

    private func begin(_ entry: Entry) {
        switch entry.content {
        case .rejected(let response): deliver(response.bytes, place: entry.place)
        case .request where entry.place?.batch.isOverflowing == true: deliver(nil, place: entry.place)
        case .request(let request):
            guard let loop = context?.eventLoop else { return }
            requestsInFlight += 1
            let ticket = NIOLoopBound(Ticket(connection: self, place: entry.place), eventLoop: loop)
            let reply = Reply(to: request.id) { answer in
                if loop.inEventLoop {
                    ticket.value.connection.finish(ticket.value.place, answer.bytes)
                } else {
                    loop.execute { ticket.value.connection.finish(ticket.value.place, answer.bytes) }
                }
            }
            handler.handle(request, from: caller, reply: reply)
        }
    }

    private func finish(_ place: BatchPlace?, _ answer: [UInt8]?) {
        requestsInFlight -= 1
        deliver(answer, place: place)
        advance()
    }

    /// Sends an answer, nil for a notification or an entry that was left out, or puts it with those of its batch.
    private func deliver(_ answer: [UInt8]?, place: BatchPlace?) {
        guard let place else {
            if let answer { writer?.write(answer) }
            return
        }
        if place.batch.take(answer, at: place.index), let answers = place.batch.joined() { writer?.write(answers) }
    }

    // MARK: What comes after

    /// Ends the connection if all is done, else sees to the next read and the timer.
    private func settle() {
        guard let context, !isEnding else { return }
        let isIdle = requestsInFlight == 0 && entries.isEmpty
        switch input {
        case .open:
            if !(mayBegin && framer.hasUnfinishedLine) {
                setTimer(nil)
            } else if timer == nil {
                setTimer(limits.lineTime) { $0.stop() }
            }
        case .ended:
            // While the client has answers to take, lines of its may still stand in the framer.
            if isIdle, mayBegin { endWhenWritten() }
        case .stopped:
            setTimer(nil)
            if isIdle { endWhenWritten() }
        case .dropped:
            guard isIdle else { break }
            isEnding = true
            writer?.closeOutputWhenWritten()
            setTimer(limits.lineTime) { $0.closeNow() }
        }
        if isReadHeld, mayRead {
            isReadHeld = false
            context.read()
        }
    }

    private func endWhenWritten() {
        isEnding = true
        writer?.closeWhenWritten()
    }

    private func end() {
        isEnding = true
        writer?.end()
        writer = nil
        setTimer(nil)
        context = nil
        table.remove(self)
    }

    private func setTimer(_ time: TimeAmount?, _ action: @escaping (SocketConnection) -> Void = { _ in }) {
        timer?.cancel()
        timer = time.flatMap { time in
            context?.eventLoop.assumeIsolated().scheduleTask(in: time) { [weak self] in
                guard let self else { return }
                timer = nil
                action(self)
            }
        }
    }
}
