import Dispatch
import Foundation

/// Ends the program with 0 at SIGTERM and SIGINT. There is nothing to drain: everything the sandbox knows is in memory.
struct ExitOnSignal {
    private let sources: [any DispatchSourceSignal]

    init() {
        sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { exit(0) }
            source.resume()
            return source
        }
    }

    /// Stops listening for the signals.
    func cancel() {
        for source in sources { source.cancel() }
    }
}
