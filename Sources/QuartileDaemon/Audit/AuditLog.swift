import Dispatch
package import Logging
package import QuartileCore
package import QuartileWire
import Synchronization

/// Keeps the audit: in memory what is new, in the store what is older, and the two as one for who reads it.
///
/// What is new is written ``writingTime`` after the first of it, and at shutdown, in one transaction. A crash loses that
/// much. While nothing is asked, nothing is written.
package final class AuditLog: Sendable {
    /// For how long what is new may be in memory only, 10 s: a busy daemon writes the audit six times a minute.
    package static let writingTime = Milliseconds.seconds(10)
    /// How long it is put off at a time, while tokens are on their way to the store.
    static let deferral = Milliseconds.seconds(1)
    /// How often it is put off in a row: with so many accounts that there is always one, it is written all the same.
    static let mostDeferrals = 50
    /// How long after a failure it is tried again.
    static let retryTime = Milliseconds.minutes(1)

    /// What of the rest of the daemon matters here.
    package struct Surroundings: Sendable {
        /// Whether an account of this name is there.
        package var hasAccount: @Sendable (AccountName) -> Bool
        /// Whether the store is wanted for tokens, now or in a moment.
        package var areTokensUnderWay: @Sendable () -> Bool
        /// Has something done after a time.
        package var schedule: @Sendable (Milliseconds, @escaping @Sendable () -> Void) -> Void

        /// As given, and time as it goes.
        package init(
            hasAccount: @escaping @Sendable (AccountName) -> Bool,
            areTokensUnderWay: @escaping @Sendable () -> Bool
        ) {
            self.hasAccount = hasAccount
            self.areTokensUnderWay = areTokensUnderWay
            // A global queue would be of the pool of threads that is better left alone (QueueExecutor).
            let queue = DispatchQueue(label: "quartiled.audit-time")
            schedule = { delay, body in
                queue.asyncAfter(deadline: .now() + .milliseconds(Int(delay.count)), execute: body)
            }
        }
    }

    private struct State {
        var buffer = AuditBuffer()
        /// What could not be written, the oldest first.
        var unwritten: [AuditEntry] = []
        /// Whether a time for writing is set.
        var isScheduled = false
        var deferrals = 0
        var isFailing = false
        /// Whether nothing is taken note of any more.
        var hasEnded = false
    }

    private let store: any AuditStore
    private let surroundings: Surroundings
    private let clock: any MomentSource
    private let log: Logger
    private let state = Mutex(State())
    /// Where the store is waited for.
    private let queue = DispatchQueue(label: "quartiled.audit")

    /// A log that writes to `store`.
    package init(store: any AuditStore, surroundings: Surroundings, clock: any MomentSource, log: Logger) {
        self.store = store
        self.surroundings = surroundings
        self.clock = clock
        self.log = log
    }

    /// Takes note of a call that was answered, with an error or a result. Does not block.
    ///
    /// The name of an account that is not there is not kept: callers can make up as many as they like, and one that was
    /// removed is to be gone.
    package func record(_ method: Method, of account: AccountName?, error: ErrorCode?, by caller: Caller) {
        let name = account.flatMap { surroundings.hasAccount($0) ? $0 : nil }
        let now = clock.now().wall
        let isFirst = state.withLock { state in
            if state.hasEnded { return false }
            state.buffer.record(method, of: name, error: error, by: caller, at: now)
            if state.isScheduled { return false }
            state.isScheduled = true
            return true
        }
        if isFirst { schedule(after: AuditLog.writingTime) }
    }

    /// Forgets in memory that anything was asked of an account. The store does so by itself when the account goes.
    package func forget(_ account: AccountName) {
        state.withLock { state in
            state.buffer.forget(account)
            state.unwritten.removeAll { $0.account == account }
        }
    }

    /// The newest entries, the newest first, of one account where it is named.
    package func entries(of account: AccountName?, limit: Int) async throws(RequestFailure) -> [AuditEntry] {
        let result = await withCheckedContinuation { done in
            // Behind what is being written, so that nothing is in both places or in none.
            queue.async { done.resume(returning: self.read(account, limit)) }
        }
        do throws(StoreError) {
            return try result.get()
        } catch {
            throw .failed(Failure(.storageFailed, "the audit can't be read: \(error.sentence)"), retryAt: nil)
        }
    }

    /// Writes what is new, and returns when that is done or has failed.
    package func flush() {
        queue.sync { write() }
    }

    /// Writes what is new for the last time: before the store is closed.
    package func end() {
        flush()
        state.withLock { $0.hasEnded = true }
    }

    private func read(_ account: AccountName?, _ limit: Int) -> Result<[AuditEntry], StoreError> {
        let (unwritten, buffer) = state.withLock { ($0.unwritten, $0.buffer) }
        let new = unwritten + buffer.all
        let wanted = new.reversed().filter { account == nil || $0.account == account }.prefix(limit)
        do throws(StoreError) {
            let rest = limit - wanted.count
            return .success(wanted + (rest > 0 ? try store.audit(of: account, limit: rest) : []))
        } catch {
            return .failure(error)
        }
    }

    private func schedule(after delay: Milliseconds) {
        surroundings.schedule(delay) { [weak self] in
            guard let self else { return }
            queue.async { self.writeInTime() }
        }
    }

    /// Writes what is new, unless tokens would have to wait for it.
    private func writeInTime() {
        let areTokensUnderWay = surroundings.areTokensUnderWay()
        let mustWait = state.withLock { state in
            guard areTokensUnderWay, state.deferrals < AuditLog.mostDeferrals else { return false }
            state.deferrals += 1
            return true
        }
        if mustWait { schedule(after: AuditLog.deferral) } else { write() }
    }

    /// On the queue.
    private func write() {
        let (unwritten, buffer) = state.withLock { state in
            defer {
                state.buffer = AuditBuffer()
                state.unwritten = []
                state.isScheduled = false
                state.deferrals = 0
            }
            return (state.unwritten, state.buffer)
        }
        let entries = unwritten + buffer.all
        guard !entries.isEmpty else { return }
        do throws(StoreError) {
            try store.append(audit: entries)
            state.withLock { $0.isFailing = false }
        } catch {
            keep(entries, after: error)
        }
    }

    /// Keeps what could not be written for another attempt, the oldest of it given up where it grows too much.
    private func keep(_ entries: [AuditEntry], after error: StoreError) {
        // An account may have been removed meanwhile.
        let entries = entries.filter { $0.account.map(surroundings.hasAccount) ?? true }
        let (isNew, mustSchedule) = state.withLock { state in
            defer {
                state.unwritten = AuditBuffer.newest(of: entries + state.unwritten)
                state.isFailing = true
                state.isScheduled = true
            }
            return (!state.isFailing, !state.isScheduled)
        }
        if isNew { log.warning("the audit can't be written", metadata: ["reason": "\(error.sentence)"]) }
        if mustSchedule { schedule(after: AuditLog.retryTime) }
    }
}
