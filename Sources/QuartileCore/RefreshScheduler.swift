import HeapModule
import OrderedCollections

/// All accounts: whose deadline is next, and which callers wait for which flight. Pure, as its machines are.
///
/// Every event returns `Effects`: actions for the shell to do and callers to be answered. Deadlines are kept on the boot
/// clock; where the wall clock is set, what was reckoned from it is reckoned anew.
public struct RefreshScheduler: Sendable {
    /// Names a caller that waits. The shell hands them out.
    public typealias WaiterID = UInt64

    /// What the shell is to do after an event.
    public struct Effects: Sendable {
        /// Actions of machines, in order.
        public var actions: [RefreshStateMachine.Action] = []
        /// Callers that get their answer now.
        public var answers: [(WaiterID, Answer)] = []
        /// Accounts that are free for the user's own login or import, which may have waited for that.
        public var freed: [AccountName] = []

        /// Nothing to do.
        public init() {}

        /// Adds what is to be done after another event.
        public mutating func append(_ other: Effects) {
            actions += other.actions
            answers += other.answers
            freed += other.freed
        }
    }

    /// What a caller gets.
    public enum Answer: Sendable {
        /// A token that is good now, with what is wrong, should refreshing fail.
        case token(IssuedTokens, remaining: Milliseconds, degraded: LastError?)
        /// No token is fit to serve.
        case failure(LastError)
        /// The caller's time ran out while a request was under way.
        case timeout
        /// There is no such account.
        case unknownAccount
    }

    struct Waiter: Sendable {
        var id: WaiterID
        var deadline: BootTime
        /// The generation that the caller does not want, or can't have any longer.
        var generation: Generation
        /// Asked for a refresh as such: a token in hand is no answer to it.
        var forced: Bool
    }

    struct Entry: Sendable {
        var machine: RefreshStateMachine
        var scope: QuotaScope?
        var waiters: [Waiter] = []
        /// The earliest deadline in the heap; later ones of this account are out of date.
        var armed: BootTime?
    }

    struct Deadline: Comparable, Sendable {
        var time: BootTime
        var account: AccountName
        static func < (a: Deadline, b: Deadline) -> Bool { (a.time, a.account) < (b.time, b.account) }
    }

    // Ordered, though no order is wanted: a `Dictionary` has room for half as many again, each as large as an entry.
    var entries: OrderedDictionary<AccountName, Entry> = [:]
    var deadlines = Heap<Deadline>()
    var quotas: [QuotaScope: Quota] = [:]
    private var isEnding = false
    /// How far ahead of the boot clock the wall clock was when the deadlines were reckoned.
    private var offset: Milliseconds?
    private var incarnations: UInt64 = 0
    let policy: RefreshPolicy
    let loginsPerHour: Int

    /// A step of the wall clock that is smaller than this is left to the deadlines' own slack.
    private static let noticeableStep = Milliseconds(500)

    /// A scheduler without accounts.
    public init(policy: RefreshPolicy, loginsPerHour: Int) {
        self.policy = policy
        self.loginsPerHour = loginsPerHour
    }

    /// The names of all accounts, sorted.
    public var accounts: [AccountName] { entries.keys.sorted() }

    /// The machine of an account.
    public subscript(name: AccountName) -> RefreshStateMachine? { entries[name]?.machine }

    /// When `wake` is next wanted.
    public var nextDeadline: BootTime? { deadlines.min?.time }

    /// Whether any account's flight is under way.
    public var isAnythingInFlight: Bool { entries.values.contains { $0.machine.isInFlight } }

    /// Whether anything that an answer brought waits for the store to work again.
    public var isAnythingUncommitted: Bool { entries.values.contains { $0.machine.isUncommitted } }

    /// Whether the last thing that any account wanted written could not be.
    public var isStorageFailing: Bool {
        entries.values.contains { $0.machine.lastError?.failure.code == .storageFailed }
    }
}

// MARK: - Accounts

extension RefreshScheduler {
    /// Adds an account that was read from the store.
    public mutating func restore(
        _ stored: StoredAccount,
        now: Moment,
        using random: inout some RandomNumberGenerator
    ) -> Effects {
        var effects = Effects()
        let (machine, action) = RefreshStateMachine.restore(
            stored,
            policy: policy,
            loginsPerHour: loginsPerHour,
            incarnation: nextIncarnation(),
            now: now,
            using: &random
        )
        let asked = machine.retryAfter
        entries[machine.name] = Entry(machine: machine)
        join(stored.account.quotaScope, machine.name)
        if let asked { _ = entries[machine.name]?.machine.stayAway(until: asked, now: now) }
        finish(machine.name, action, now: now, into: &effects)
        if let asked { share(asked, from: machine.name, now: now, using: &random, into: &effects) }
        return effects
    }

    /// Sets an account's tokens after a login or import by the user that was made durable, adding it where it is new.
    public mutating func replace(
        _ account: Account,
        tokens: IssuedTokens,
        password: PasswordState,
        now: Moment,
        using random: inout some RandomNumberGenerator
    ) -> Effects {
        var effects = Effects()
        let name = account.name
        if entries[name] == nil {
            let machine = RefreshStateMachine(
                name: name,
                tokens: tokens,
                password: password,
                policy: policy,
                loginsPerHour: loginsPerHour,
                incarnation: nextIncarnation(),
                using: &random
            )
            entries[name] = Entry(machine: machine)
            entries[name]?.machine.isEnding = isEnding
        } else {
            entries[name]?.machine.replaced(by: tokens, password: password, using: &random)
        }
        join(account.quotaScope, name)
        finish(name, .none, now: now, into: &effects)
        return effects
    }

    /// Removes an account. Its callers are told; the answer of a flight under way will be dropped.
    public mutating func remove(_ name: AccountName) -> Effects {
        var effects = Effects()
        leaveQuota(name)
        for waiter in entries.removeValue(forKey: name)?.waiters ?? [] {
            effects.answers.append((waiter.id, .unknownAccount))
        }
        effects.freed.append(name)
        return effects
    }

    private mutating func nextIncarnation() -> UInt64 {
        incarnations += 1
        return incarnations
    }
}

// MARK: - Callers

extension RefreshScheduler {
    /// A caller wants a token with at least `minValid` left. Nil means that it waits: its answer comes with the effects
    /// of a later event, by `deadline` at the latest. `minValid` nil means the default; a span that not even a fresh
    /// token would have asks for nothing that a refresh could give, so it causes none. Nor does any in the first moments
    /// after a refresh, ``RefreshPolicy/calm(life:)``, while the token that it brought is good.
    public mutating func getToken(
        _ name: AccountName,
        minValid: Milliseconds?,
        waiter: WaiterID,
        deadline: BootTime,
        now: Moment
    ) -> (Answer?, Effects) {
        guard let index = entries.index(forKey: name) else { return (.unknownAccount, Effects()) }
        if let answer = entries.values[index].machine.token(minValid: minValid, now: now) { return (answer, Effects()) }
        return wait(for: name, forced: false, waiter: waiter, deadline: deadline, now: now) { $0.demand(now: now) }
    }

    /// A caller wants a refresh, whatever is left. Nil means that it waits, as in `getToken`.
    public mutating func refresh(
        _ name: AccountName,
        waiter: WaiterID,
        deadline: BootTime,
        now: Moment
    ) -> (Answer?, Effects) {
        guard entries[name] != nil else { return (.unknownAccount, Effects()) }
        return wait(for: name, forced: true, waiter: waiter, deadline: deadline, now: now) { $0.force(now: now) }
    }

    mutating func wait(
        for name: AccountName,
        forced: Bool,
        waiter: WaiterID,
        deadline: BootTime,
        now: Moment,
        asking: (inout RefreshStateMachine) -> RefreshStateMachine.Action
    ) -> (Answer?, Effects) {
        var effects = Effects()
        noticeClockSteps(now)
        guard let generation = entries[name]?.machine.tokens.generation else { return (.unknownAccount, effects) }
        let action = entries[name].modify { asking(&$0.machine) } ?? .none
        let waiter = Waiter(id: waiter, deadline: deadline, generation: generation, forced: forced)
        let answer = entries[name]?.answer(to: waiter, now: now)
        if answer == nil { entries[name]?.waiters.append(waiter) }
        append(action, to: &effects)
        schedule(name, now: now)
        return (answer, effects)
    }
}

// MARK: - Events

extension RefreshScheduler {
    /// The time of `nextDeadline` has come, or the wall clock was set. Called early or for no reason, it does nothing.
    public mutating func wake(now: Moment) -> Effects {
        var effects = Effects()
        noticeClockSteps(now)
        while let next = deadlines.min, next.time <= now.boot {
            deadlines.removeMin()
            guard entries[next.account]?.armed == next.time else { continue }
            entries[next.account]?.armed = nil
            let action = entries[next.account].modify { $0.machine.wake(now: now) } ?? .none
            finish(next.account, action, now: now, into: &effects)
        }
        return effects
    }

    /// The change of `flight` was made durable, or could not be.
    public mutating func committed(
        _ flight: Flight,
        failure: Failure?,
        now: Moment,
        using random: inout some RandomNumberGenerator
    ) -> Effects {
        event(flight.account, now: now) { $0.committed(flight, failure: failure, now: now, using: &random) }
    }

    /// The exchange of `flight` has ended.
    public mutating func answered(
        _ flight: Flight,
        _ outcome: Outcome,
        now: Moment,
        using random: inout some RandomNumberGenerator
    ) -> Effects {
        let isAwaited = entries[flight.account]?.machine.awaits(flight) ?? false
        var effects = event(flight.account, now: now) { $0.answered(flight, outcome, now: now, using: &random) }
        if isAwaited, let span = outcome.retryAfter {
            share(now.boot + span, from: flight.account, now: now, using: &random, into: &effects)
        }
        return effects
    }

    /// The daemon is about to end: what is under way ends and is saved, and nothing begins.
    public mutating func end(now: Moment) {
        isEnding = true
        for name in Array(entries.keys) {
            entries[name]?.machine.isEnding = true
            schedule(name, now: now)
        }
    }

    /// Tries at once to make durable what could not be: for the end of the process, which can't wait out a backoff.
    public mutating func retryUncommitted(now: Moment) -> Effects {
        var effects = Effects()
        for name in accounts where entries[name]?.machine.isUncommitted == true {
            effects.append(event(name, now: now) { $0.force(now: now) })
        }
        return effects
    }

    /// As `RefreshStateMachine.hold`. True as well where there is no such account yet.
    public mutating func hold(_ name: AccountName) -> Bool {
        entries[name].modify { $0.machine.hold() } ?? true
    }

    /// As `RefreshStateMachine.release`.
    public mutating func release(_ name: AccountName, now: Moment) -> Effects {
        event(name, now: now) {
            $0.release()
            return .none
        }
    }

    /// As `RefreshStateMachine.credentialsChanged`.
    public mutating func credentialsChanged(_ account: Account, password: PasswordState, now: Moment) -> Effects {
        join(account.quotaScope, account.name)
        return event(account.name, now: now) { $0.credentialsChanged(password: password, now: now) }
    }

    private mutating func event(
        _ name: AccountName,
        now: Moment,
        _ body: (inout RefreshStateMachine) -> RefreshStateMachine.Action
    ) -> Effects {
        var effects = Effects()
        noticeClockSteps(now)
        guard let action = entries[name].modify({ body(&$0.machine) }) else { return effects }
        finish(name, action, now: now, into: &effects)
        return effects
    }
}

// MARK: - After each event

extension RefreshScheduler {
    /// Answers the callers that can be answered, and sees to it that the machine is woken when it or they want to be.
    mutating func finish(
        _ name: AccountName,
        _ action: RefreshStateMachine.Action,
        now: Moment,
        into effects: inout Effects
    ) {
        append(action, to: &effects)
        let waited = entries[name].modify { entry in
            entry.answerWaiters(now: now, into: &effects)
            return !entry.waiters.isEmpty
        }
        if waited == true {
            // Somebody still waits, so a failure that cost the API nothing need not be waited out in full.
            append(entries[name].modify { $0.machine.demand(now: now) } ?? .none, to: &effects)
            // The attempt may have turned into a longer wait, or into none at all.
            entries[name]?.answerWaiters(now: now, into: &effects)
        }
        if entries[name]?.machine.isInFlight == false { effects.freed.append(name) }
        schedule(name, now: now)
    }

    /// Puts the account's next deadline into the heap: its machine's or that of a caller, whichever is first.
    private mutating func schedule(_ name: AccountName, now: Moment) {
        if offset == nil { offset = now.wallAheadOfBoot }
        let next: BootTime?? = entries[name].modify { entry in
            let callers = entry.waiters.lazy.map(\.deadline).min()
            let next = [entry.machine.deadline(seenAt: now), callers].compactMap(\.self).min()
            defer { entry.armed = next }
            return next == entry.armed ? nil : next
        }
        if case .some(.some(let next)) = next { deadlines.insert(Deadline(time: next, account: name)) }
    }

    private func append(_ action: RefreshStateMachine.Action, to effects: inout Effects) {
        switch action {
        case .none: break
        case .commit, .send: effects.actions.append(action)
        }
    }

    /// What was reckoned from the wall clock has to be reckoned anew once that clock was set.
    private mutating func noticeClockSteps(_ now: Moment) {
        let current = now.wallAheadOfBoot
        guard let offset, abs((current - offset).count) >= RefreshScheduler.noticeableStep.count else { return }
        self.offset = current
        deadlines = Heap()
        for name in Array(entries.keys) {
            entries[name]?.machine.budget.clockWasSet(by: current - offset)
            entries[name]?.armed = nil
            schedule(name, now: now)
        }
    }
}

extension Moment {
    fileprivate var wallAheadOfBoot: Milliseconds { Milliseconds(wall.milliseconds - boot.milliseconds) }
}

extension Optional {
    /// Changes the wrapped value in place; nil where there is none.
    fileprivate mutating func modify<Result>(_ body: (inout Wrapped) -> Result) -> Result? {
        guard var value = take() else { return nil }
        defer { self = value }
        return body(&value)
    }
}
