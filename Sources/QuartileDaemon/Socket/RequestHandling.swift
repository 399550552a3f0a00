package import QuartileWire
import Synchronization

/// What carries out requests that came in over the socket.
package protocol RequestHandling: Sendable {
    /// Carries out one request of `caller` and answers through `reply`, at once or later, from any thread.
    ///
    /// Called on the server's event loop, so it must not block: what takes time is started elsewhere. An answer given
    /// before this returns costs no switch of threads and leaves with others in one write. Notifications (requests
    /// with no id) come here too and take an answer, which is then dropped.
    func handle(_ request: Request, from caller: Caller, reply: Reply)
}

/// Takes the answer to one request: the first that is given, and no other.
///
/// Should the last reference be dropped with no answer given, the client gets `internal_error`, so that a fault of ours
/// shows and does not leave it waiting for ever.
package final class Reply: Sendable {
    /// An answer on its way out.
    package struct Answer: Sendable {
        /// The answer as JSON text; nil where none is wanted.
        package var bytes: [UInt8]?
        /// Why the method failed; nil if it succeeded.
        package var error: ErrorCode?
    }

    /// The id that the answer repeats; nil for a notification.
    package let id: RequestID?
    private let send: @Sendable (Answer) -> Void
    private let isAnswered = Atomic(false)

    /// A reply to the request `id` that hands the answer to `send`, from whichever thread it is given on.
    package init(to id: RequestID?, _ send: @escaping @Sendable (Answer) -> Void) {
        self.id = id
        self.send = send
    }

    deinit {
        callAsFunction(WireError(.internalError, "the daemon gave no answer; please report this"))
    }

    /// Answers with a result. May be called from any thread; calls after the first do nothing.
    package func callAsFunction(_ result: some JSONWritable) {
        guard isFirst else { return }
        send(Answer(bytes: id.map { Response.bytes(id: $0, result: result) }, error: nil))
    }

    /// Answers with an error, likewise.
    package func callAsFunction(_ error: WireError) {
        guard isFirst else { return }
        send(Answer(bytes: id.map { Response.bytes(id: $0, error: error) }, error: error.code))
    }

    /// Answers with what another reply to the same request was given.
    package func callAsFunction(_ answer: Answer) {
        guard isFirst else { return }
        send(answer)
    }

    private var isFirst: Bool {
        isAnswered.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged
    }
}
