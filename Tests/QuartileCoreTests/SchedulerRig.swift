@testable import QuartileCore
import Testing

/// A scheduler with a clock, a store that always works unless told otherwise, and an API that answers when told to.
struct SchedulerRig {
    var scheduler: RefreshScheduler
    var now = Moment.start
    var random = SplitMix64(seed: 11)
    /// Flights whose request was sent and is not answered.
    var underWay: [Flight] = []
    /// How many requests were sent.
    var requests = 0
    /// Every answer that a caller got, in order.
    var answers: [RefreshScheduler.WaiterID: [RefreshScheduler.Answer]] = [:]
    /// What callers that rejected a token were told at once.
    var rejections: [RefreshScheduler.WaiterID: RefreshScheduler.RejectionAnswer] = [:]
    var freed: [AccountName] = []
    /// What the next commits meet.
    var storeFailure: Failure?
    private var lastWaiter: RefreshScheduler.WaiterID = 0
    private var sets = 0

    init(margin: Milliseconds = .hours(1)) {
        scheduler = RefreshScheduler(policy: RefreshPolicy(margin: margin), loginsPerHour: 12)
    }

    /// A rig with one account, ada, with a fresh token.
    static func withAda(
        life: Milliseconds = .hours(12),
        password: PasswordState = .stored,
        margin: Milliseconds = .hours(1)
    ) -> SchedulerRig {
        var rig = SchedulerRig(margin: margin)
        rig.add(.ada, life: life, password: password)
        return rig
    }

    mutating func add(
        _ name: AccountName,
        generation: Generation = 1,
        life: Milliseconds = .hours(12),
        password: PasswordState = .stored
    ) {
        let tokens = IssuedTokens.made(generation, life: life, sent: now)
        take(
            scheduler.replace(
                .made(name, password: password != .none),
                tokens: tokens,
                password: password,
                now: now,
                using: &random
            )
        )
    }

    mutating func add(_ account: Account) {
        let tokens = IssuedTokens.made(sent: now)
        take(scheduler.replace(account, tokens: tokens, password: .stored, now: now, using: &random))
    }

    mutating func restore(_ stored: StoredAccount) {
        take(scheduler.restore(stored, now: now, using: &random))
    }

    var ada: RefreshStateMachine {
        get throws { try #require(scheduler[.ada]) }
    }

    // MARK: Time

    /// Lets time pass with no wake, as in a sleep of the machine.
    mutating func advance(_ span: Milliseconds) { now = now + span }

    /// Lets time run for `span`, waking the scheduler when it wants to be.
    mutating func run(_ span: Milliseconds) {
        let end = now.boot + span
        while let next = scheduler.nextDeadline, next <= end {
            if next > now.boot { now = now + (next - now.boot) }
            wake()
        }
        now = now + (end - now.boot)
    }

    /// Lets time run until the scheduler wants to be woken, and wakes it.
    mutating func runToNextDeadline() throws {
        let next = try #require(scheduler.nextDeadline, "wants no wake")
        if next > now.boot { now = now + (next - now.boot) }
        wake()
    }

    mutating func wake() { take(scheduler.wake(now: now)) }

    // MARK: Callers

    @discardableResult
    mutating func getToken(
        _ name: AccountName = .ada,
        minValid: Milliseconds? = nil,
        maxWait: Milliseconds = .seconds(30)
    ) -> RefreshScheduler.WaiterID {
        lastWaiter += 1
        let (answer, effects) = scheduler.getToken(
            name,
            minValid: minValid,
            waiter: lastWaiter,
            deadline: now.boot + maxWait,
            now: now
        )
        if let answer { answers[lastWaiter, default: []].append(answer) }
        take(effects)
        return lastWaiter
    }

    @discardableResult
    mutating func refresh(
        _ name: AccountName = .ada,
        maxWait: Milliseconds = .minutes(10)
    ) -> RefreshScheduler.WaiterID {
        lastWaiter += 1
        let (answer, effects) = scheduler.refresh(name, waiter: lastWaiter, deadline: now.boot + maxWait, now: now)
        if let answer { answers[lastWaiter, default: []].append(answer) }
        take(effects)
        return lastWaiter
    }

    @discardableResult
    mutating func reject(_ rejected: RefreshScheduler.Rejected) -> RefreshScheduler.WaiterID {
        lastWaiter += 1
        let deadline = now.boot + .minutes(10)
        let (answer, effects) = scheduler.reject(.ada, rejected, waiter: lastWaiter, deadline: deadline, now: now)
        rejections[lastWaiter] = answer
        take(effects)
        return lastWaiter
    }

    /// The one answer that a caller got; nil while it waits. Two answers are an issue.
    func answer(to waiter: RefreshScheduler.WaiterID) -> RefreshScheduler.Answer? {
        let all = answers[waiter] ?? []
        if all.count > 1 { Issue.record("caller \(waiter) was answered \(all.count) times") }
        return all.first
    }

    // MARK: The outside world

    /// Does what the scheduler asks for, except that requests stay under way.
    mutating func take(_ effects: RefreshScheduler.Effects) {
        for (waiter, answer) in effects.answers { answers[waiter, default: []].append(answer) }
        freed += effects.freed
        for action in effects.actions {
            switch action {
            case .none: break
            case .commit(_, let flight):
                take(scheduler.committed(flight, failure: storeFailure, now: now, using: &random))
            case .send(let flight):
                requests += 1
                underWay.append(flight)
            }
        }
    }

    /// Answers the oldest request that is under way.
    mutating func answer(_ outcome: Outcome) throws {
        try #require(!underWay.isEmpty, "no request is under way")
        take(scheduler.answered(underWay.removeFirst(), outcome, now: now, using: &random))
    }

    /// Answers the oldest request with a failure, and waits until the next is made.
    mutating func failAndRetry(with outcome: Outcome) throws {
        try answer(outcome)
        while underWay.isEmpty { try runToNextDeadline() }
    }

    /// A new set, sent for just now.
    mutating func set(life: Milliseconds = .hours(12)) -> Outcome {
        sets += 1
        return .received(.made("set-\(sets)", life: life, at: now.wall), sent: now)
    }

    /// Answers the oldest request with a new set.
    mutating func answerWithSet(life: Milliseconds = .hours(12)) throws {
        let outcome = set(life: life)
        try answer(outcome)
    }
}

extension RefreshScheduler.Answer {
    var tokens: IssuedTokens? { if case .token(let tokens, _, _) = self { tokens } else { nil } }
    var generation: Generation? { tokens?.generation }
    var degraded: LastError? { if case .token(_, _, let degraded) = self { degraded } else { nil } }
    var failure: LastError? { if case .failure(let error) = self { error } else { nil } }
    var isTimeout: Bool { if case .timeout = self { true } else { false } }
    var isUnknownAccount: Bool { if case .unknownAccount = self { true } else { false } }
}
