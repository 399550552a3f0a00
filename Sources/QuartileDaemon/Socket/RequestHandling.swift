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
    private let send: @Sendable (Result<JSON, WireError>) -> Void
    private let isAnswered = Atomic(false)

    /// A reply that hands the answer to `send`, from whichever thread it is given on.
    package init(_ send: @escaping @Sendable (Result<JSON, WireError>) -> Void) {
        self.send = send
    }

    deinit {
        callAsFunction(.failure(WireError(.internalError, "the daemon gave no answer; please report this")))
    }

    /// Answers. May be called from any thread; calls after the first do nothing.
    package func callAsFunction(_ outcome: Result<JSON, WireError>) {
        guard isAnswered.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged else { return }
        send(outcome)
    }

    /// Answers with a result.
    package func callAsFunction(_ result: JSON) {
        callAsFunction(.success(result))
    }

    /// Answers with an error.
    package func callAsFunction(_ error: WireError) {
        callAsFunction(.failure(error))
    }
}
