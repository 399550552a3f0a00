import NIOCore

/// Sends what was written to clients, once for all of them, when the event loop has looked at all that had come.
///
/// A client that is woken in the middle is woken for its answer alone, which costs more than the answer; one that has
/// several connections is awake for the rest of them. The first answer of a turn comes a little later, and all together
/// come sooner.
///
/// Confined to the server's event loop.
final class FlushQueue {
    private let loop: any EventLoop
    private var waiting: [AnswerWriter] = []

    init(on loop: any EventLoop) {
        self.loop = loop
    }

    /// Has ``AnswerWriter/flush()`` called at the end of this turn, if there is anything to send.
    func append(_ writer: AnswerWriter) {
        guard writer.mustFlush else { return }
        waiting.append(writer)
        if waiting.count == 1 { loop.assumeIsolated().execute { self.flush() } }
    }

    private func flush() {
        // A flush can make room for further requests, and their answers come back here.
        let writers = waiting
        waiting = []
        for writer in writers { writer.flush() }
    }
}
