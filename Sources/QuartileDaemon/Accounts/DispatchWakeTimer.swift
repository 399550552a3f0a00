import CLinux
import Dispatch
import Glibc
package import QuartileCore

/// A Dispatch timer on wall time, so that it is due when the machine wakes from sleep. It also wakes when somebody sets
/// the clock (timerfd_create(2), `TFD_TIMER_CANCEL_ON_SET`) and, should everything else fail, every 60 s.
package final class DispatchWakeTimer: WakeTimer {
    /// The longest time without a look at the clocks.
    package static let longestSleep = Milliseconds.seconds(60)

    private let queue = DispatchQueue(label: "quartiled.wake")
    // Dispatch sources are safe to use from any thread; what is set on them before `activate` is set once.
    nonisolated(unsafe) private let timer: any DispatchSourceTimer
    nonisolated(unsafe) private let clockSet: (any DispatchSourceRead)?

    package init() {
        timer = DispatchSource.makeTimerSource(queue: queue)
        let descriptor = timerfd_create(CLOCK_REALTIME, Int32(TFD_NONBLOCK | TFD_CLOEXEC))
        // Without a descriptor the look every 60 s has to do.
        clockSet = descriptor < 0 ? nil : DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        if let clockSet {
            DispatchWakeTimer.watchForClockSet(descriptor)
            clockSet.setCancelHandler { close(descriptor) }
        }
    }

    deinit {
        // A source that was never activated must not be released.
        timer.activate()
        timer.cancel()
        clockSet?.activate()
        clockSet?.cancel()
    }

    package func start(_ handler: @escaping @Sendable () -> Void) {
        timer.setEventHandler(handler: handler)
        timer.activate()
        guard let clockSet else { return }
        let descriptor = Int32(clockSet.handle)
        clockSet.setEventHandler {
            var expirations: UInt64 = 0
            _ = read(descriptor, &expirations, MemoryLayout<UInt64>.size)  // ECANCELED: the clock was set
            DispatchWakeTimer.watchForClockSet(descriptor)
            handler()
        }
        clockSet.activate()
    }

    package func arm(after delay: Milliseconds) {
        let milliseconds = max(0, min(delay, DispatchWakeTimer.longestSleep).count)
        timer.schedule(wallDeadline: .now() + .milliseconds(Int(milliseconds)), leeway: .milliseconds(5))
    }

    /// Arms the descriptor for a time that does not come, so that only a clock that is set makes it readable.
    private static func watchForClockSet(_ descriptor: Int32) {
        var never = itimerspec()
        never.it_value.tv_sec = .max / 2
        let flags = Int32(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)
        _ = timerfd_settime(descriptor, flags, &never, nil)
    }
}
