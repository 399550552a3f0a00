package import QuartileCore

/// Why a request could not be done. Closed, so that the one place that turns it into an error of the protocol can't
/// overlook a case.
package enum RequestFailure: Error, Sendable {
    /// There is no such account.
    case unknownAccount(AccountName)
    /// Something failed, with the time of the next attempt where there is one.
    case failed(Failure, retryAt: UnixTime?)
    /// The caller's time ran out while a request upstream was under way.
    case timeout(AccountName)
    /// The request itself is wrong: which parameter, and what is wrong with it.
    case invalid(parameter: String, String)
    /// The key source has no new key. A whole sentence that says what to do.
    case noNewKey(String)
    /// The key source has no key now, and perhaps later. A whole sentence.
    case keyNotReady(String)
    /// The daemon is stopping.
    case stopping

    init(_ error: LastError) { self = .failed(error.failure, retryAt: error.retryAt) }
}
