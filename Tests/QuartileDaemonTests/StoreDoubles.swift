import Logging
import QuartileCore
import Synchronization

@testable import QuartileDaemon

/// A clock that stands still until it is told to go on.
final class StoreClock: MomentSource {
    private let moment = Mutex(Moment.start)

    func now() -> Moment { moment.withLock { $0 } }
    func advance(by span: Milliseconds) { moment.withLock { $0 = $0 + span } }
}

/// Keeps what a store logs.
final class StoreLog: Sendable {
    private let lines = Mutex<[String]>([])

    /// Every line so far: its level and its message.
    var messages: [String] { lines.withLock { $0 } }

    var logger: Logger {
        var logger = Logger(label: "store", factory: { _ in Handler(log: self) })
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let log: StoreLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            log.lines.withLock { $0.append("\(event.level): \(event.message)") }
        }
    }
}

/// A generator that gives the same numbers for the same seed (Steele, Lea, Flood: Fast splittable pseudorandom number
/// generators, 2014).
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
