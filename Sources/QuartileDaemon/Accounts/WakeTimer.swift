package import QuartileCore

/// Wakes the scheduler.
package protocol WakeTimer: Sendable {
    /// Calls `handler` from now on, whenever an armed time has come.
    func start(_ handler: @escaping @Sendable () -> Void)

    /// Wants a wake after `delay`, or at once where that is not positive; an earlier wish is forgotten.
    func arm(after delay: Milliseconds)
}
