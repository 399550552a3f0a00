package import Logging
package import QuartileCore
import ServiceLifecycle
import Synchronization

/// Keeps all accounts: moves the scheduler under a lock, lets go of it, and does what the scheduler returned.
///
/// Nothing is awaited, called out to or resumed while the lock is held.
package final class TokenManager: Sendable {
    struct State {
        var scheduler: RefreshScheduler
        var accounts: [AccountName: Account] = [:]
        /// Accounts whose secrets do not open.
        var damaged: Set<AccountName> = []
        var callers: [RefreshScheduler.WaiterID: @Sendable (RefreshScheduler.Answer) -> Void] = [:]
        var lastCaller: RefreshScheduler.WaiterID = 0
        /// Accounts that a login, import or update by the user has for itself, and who waits to be next.
        var taken: Set<AccountName> = []
        var gate: [AccountName: [CheckedContinuation<Void, Never>]] = [:]
        var validations: [AccountName: Validation] = [:]
        /// What the API is being asked, and who waits for the answer that another asked for.
        var validating: [ValidatedToken: [CheckedContinuation<Void, Never>]] = [:]
        var random = SystemRandomNumberGenerator()
        var armedFor: BootTime?
        /// When shutdown began. What is under way ends and clients get its answers; nothing begins.
        var stopAnnounced: Moment?
        /// Clients are gone, and what is left is to be ended.
        var isStopping = false
        /// All is over: the store is about to be closed.
        var isStopped = false
        /// Resumed when no flight is under way any more, after `isStopping`.
        var drained: CheckedContinuation<Void, Never>?
    }

    /// What accounts are made with that name nothing else.
    package struct Defaults: Sendable {
        package var baseURL: String
        package var apiVersion: APIVersion

        package init(baseURL: String, apiVersion: APIVersion) {
            self.baseURL = baseURL
            self.apiVersion = apiVersion
        }
    }

    package let defaults: Defaults
    let api: any AuthAPI
    let clock: any MomentSource
    let commits: CommitQueue
    let jobs: BackgroundJobs
    let log: Logger
    private let store: any TokenStore
    private let timer: any WakeTimer
    private let state: Mutex<State>
    private let arming = Mutex<Void>(())

    package init(
        store: any TokenStore,
        api: any AuthAPI,
        clock: any MomentSource,
        timer: any WakeTimer,
        jobs: BackgroundJobs,
        policy: RefreshPolicy,
        loginsPerHour: Int,
        defaults: Defaults,
        log: Logger
    ) {
        self.store = store
        self.api = api
        self.clock = clock
        self.timer = timer
        self.jobs = jobs
        self.defaults = defaults
        self.log = log
        commits = CommitQueue(store: store)
        state = Mutex(State(scheduler: RefreshScheduler(policy: policy, loginsPerHour: loginsPerHour)))
    }

    /// Reads all accounts from the store and begins to keep them. Call once, before the first request.
    package func start() throws(StoreError) {
        let contents = try store.load(now: clock.now())
        for name in contents.damaged {
            log.error("the secrets of an account do not open", metadata: ["account": "\(name)"])
        }
        var accounts: [StoredAccount] = []
        for var stored in contents.accounts {
            try readUnreadAnswer(of: &stored)
            accounts.append(stored)
        }
        transition { [accounts] state, now in
            var effects = RefreshScheduler.Effects()
            state.damaged = Set(contents.damaged)
            for stored in accounts {
                state.accounts[stored.account.name] = stored.account
                effects.append(state.scheduler.restore(stored, now: now, using: &state.random))
            }
            return ((), effects)
        }
        timer.start { [weak self] in self?.wake() }
        log.info("accounts loaded", metadata: ["count": "\(accounts.count)"])
    }

    /// An answer that an earlier version could not read may be readable now; then no request is needed.
    private func readUnreadAnswer(of stored: inout StoredAccount) throws(StoreError) {
        guard let body = stored.unreadAnswer else { return }
        let now = clock.now()
        switch api.readTokenSet(body, sent: nil, now: now) {
        case .failure: return
        case .success(let set):
            let tokens = IssuedTokens(set, generation: stored.tokens.generation + 1, loaded: now)
            // A login that was cut off after this answer had come is closed with it, and counts all the same.
            let event: HistoryEntry.Event = stored.openIntent?.operation == .login ? .login : .refresh
            let entry = HistoryEntry(at: now.wall, event: event, result: .received)
            try store.commit([.saveTokens(stored.account.name, tokens, entry)])
            stored.tokens = tokens
            stored.refreshToken = .unspent
            stored.openIntent = nil
            stored.lastError = nil
            stored.recent.append(entry)
        }
    }
}

// MARK: - Transitions

extension TokenManager {
    /// Changes the state under the lock, then does what came of it.
    @discardableResult
    func transition<Result: Sendable>(
        _ body: (inout State, Moment) -> (Result, RefreshScheduler.Effects)
    ) -> Result {
        let now = clock.now()
        let (result, work) = state.withLock { state in
            let (result, effects) = body(&state, now)
            return (result, Work(effects, &state, now))
        }
        work.callers.forEach { $0() }
        work.gate.forEach { $0.resume() }
        work.actions.forEach(perform)
        if work.mustArm { arm() }
        work.drained?.resume()
        return result
    }

    /// Looks at the state under the lock.
    func inspect<Result: Sendable>(_ body: (borrowing State) -> Result) -> Result {
        state.withLock { body($0) }
    }

    /// Changes what the scheduler does not know of, and returns what was changed.
    func change<Result: Sendable>(_ body: (inout State) -> Result) -> Result {
        state.withLock { body(&$0) }
    }

    /// What is left to do once the lock is let go of.
    private struct Work: Sendable {
        var actions: [RefreshStateMachine.Action]
        var callers: [@Sendable () -> Void]
        var gate: [CheckedContinuation<Void, Never>] = []
        var mustArm: Bool
        var drained: CheckedContinuation<Void, Never>?

        init(_ effects: RefreshScheduler.Effects, _ state: inout State, _ now: Moment) {
            actions = effects.actions
            callers = []
            for (id, answer) in effects.answers {
                if let caller = state.callers.removeValue(forKey: id) { callers.append { caller(answer) } }
            }
            for name in effects.freed where !state.taken.contains(name) {
                gate += state.gate.removeValue(forKey: name) ?? []
            }
            mustArm = state.settleArming(now)
            if state.isStopping, !state.isWorthWaitingFor { drained = state.drained.take() }
        }
    }

    private func perform(_ action: RefreshStateMachine.Action) {
        switch action {
        case .none: break
        case .commit(let change, let flight): commits.submit(change) { self.committed(change, flight, $0) }
        case .send(let flight): jobs.start { await self.exchange(flight) }
        }
    }

    /// The armed time has come, or somebody set the clock.
    private func wake() {
        transition { state, now in
            state.armedFor = nil
            guard !state.isStopped else { return ((), RefreshScheduler.Effects()) }
            var effects = state.scheduler.wake(now: now)
            if state.isStopping { effects.append(state.scheduler.retryUncommitted(now: now)) }
            return ((), effects)
        }
    }

    /// Arms the timer for what the state wants now. Under a lock of its own: of two threads that had armed it each with
    /// what they knew, the one with the older wish could have come last.
    private func arm() {
        arming.withLock { _ in
            guard let wanted = inspect({ $0.armedFor }) else { return }
            timer.arm(after: wanted - clock.now().boot)
        }
    }
}

extension TokenManager.State {
    /// Settles when the timer is wanted next. False where it is armed early enough.
    fileprivate mutating func settleArming(_ now: Moment) -> Bool {
        let longest = isStopping ? TokenManager.retryTimeAtStop : DispatchWakeTimer.longestSleep
        let latest = now.boot + longest
        let wanted = min(scheduler.nextDeadline ?? latest, latest)
        if let armedFor, armedFor <= wanted, armedFor > now.boot { return false }
        armedFor = wanted
        return true
    }

    /// Whether the end has to wait: for an answer, or until what was received is saved.
    fileprivate var isWorthWaitingFor: Bool { scheduler.isAnythingInFlight || scheduler.isAnythingUncommitted }
}

// MARK: - Stopping

extension TokenManager: Service {
    /// How long flights may take to end, from the beginning of shutdown: less than any service manager waits.
    package static let drainTime = Milliseconds.seconds(10)
    /// How often, meanwhile, what could not be saved is tried again.
    fileprivate static let retryTimeAtStop = Milliseconds(500)

    /// Shutdown has begun, and clients get their answers first: the time for flights runs from here.
    package func announceStop() {
        transition { state, now in
            if state.stopAnnounced == nil {
                state.stopAnnounced = now
                state.scheduler.end(now: now)
            }
            return ((), RefreshScheduler.Effects())
        }
    }

    /// Does nothing until its turn in shutdown, then waits until no flight is under way and all that was to be saved is
    /// saved.
    package func run() async throws {
        await shutdownBegins()
        announceStop()
        let drainEnd = change { state in
            state.isStopping = true
            return state.stopAnnounced.map { $0.boot + TokenManager.drainTime }
        }
        let timeLeft = max(0, (drainEnd.map { $0 - clock.now().boot } ?? 0).count)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await withCheckedContinuation { continuation in
                    self.transition { state, now in
                        state.drained = continuation
                        return ((), state.scheduler.retryUncommitted(now: now))
                    }
                }
            }
            group.addTask {
                try? await Task.sleep(for: .milliseconds(timeLeft))  // cut short when the flights have ended
                self.change { $0.drained.take() }?.resume()
            }
            await group.next()
            group.cancelAll()
        }
        commits.flush()
        if inspect({ $0.scheduler.isAnythingUncommitted }) {
            log.critical("stopped with tokens that could not be saved; their accounts may need a login")
        }
        if inspect({ $0.scheduler.isAnythingInFlight }) {
            log.warning("stopped with a request under way; it is sorted out at the next start")
        }
        change { $0.isStopped = true }
        commits.flush()
    }

    /// Whether the daemon is about to end.
    package var isStopping: Bool { inspect { $0.stopAnnounced != nil } }

    /// Whether the store is wanted now or in a moment, for a token that comes in or one that is to be saved again.
    package var isAnythingUnderWay: Bool {
        !commits.isIdle || inspect { $0.scheduler.isAnythingInFlight || $0.scheduler.isAnythingUncommitted }
    }

    /// Whether the store fails to write what it is given.
    package var isStorageFailing: Bool { inspect { $0.scheduler.isStorageFailing } }
}
