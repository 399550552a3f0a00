import CLinux
import Glibc

/// A request to stop, for what would otherwise block a thread for long: whoever waits in poll(2) there waits for this as
/// well.
package final class StopRequest: Sendable {
    /// Readable from the request on, for good; -1, which poll(2) passes over, where no descriptor was left.
    private let event: CInt
    /// Readable while a signal that ends the daemon is held back (signalfd(2)).
    private let signals: CInt

    /// What is to be polled for POLLIN, and never read from.
    var descriptors: [CInt] { [event, signals] }

    /// No request yet.
    package init() {
        event = eventfd(0, CInt(EFD_CLOEXEC) | CInt(EFD_NONBLOCK))
        var set = StopRequest.endingSignals
        signals = signalfd(-1, &set, CInt(SFD_CLOEXEC) | CInt(SFD_NONBLOCK))
    }

    deinit {
        close(event)
        close(signals)
    }

    private static var endingSignals: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGTERM)
        sigaddset(&set, SIGINT)
        return set
    }

    /// Makes the request.
    package func make() {
        var one: UInt64 = 1
        // It fails where the counter is full, which says the same.
        _ = write(event, &one, 8)
    }

    /// From here on SIGTERM and SIGINT are a request to stop, and do not end the process. To be called while there is one
    /// thread only.
    func holdSignalsBack() {
        var set = StopRequest.endingSignals
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Lets signals through again, in the same thread. True if one came meanwhile; it does nothing any more.
    func letSignalsThrough() -> Bool {
        var came = false
        var information = signalfd_siginfo()
        while read(signals, &information, MemoryLayout<signalfd_siginfo>.size) > 0 { came = true }
        var set = StopRequest.endingSignals
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
        return came
    }
}
