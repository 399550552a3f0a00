@testable import QuartileCore
import Testing

/// One machine, its clock and what is durable of it: drives the machine through whole exchanges.
struct MachineRig {
    var machine: RefreshStateMachine
    var now: Moment
    var random = SplitMix64(seed: 7)
    /// What a store would hold: what a restart begins with.
    var stored: StoredAccount
    /// Every operation that was sent.
    var sent: [Operation] = []

    init(password: PasswordState = .stored, life: Milliseconds = .hours(12), loginsPerHour: Int = 12) {
        let tokens = IssuedTokens.made(life: life)
        now = .start
        stored = StoredAccount(account: .made(password: password != .none), tokens: tokens, password: password)
        machine = RefreshStateMachine(
            name: .ada,
            tokens: tokens,
            password: password,
            policy: RefreshPolicy(),
            loginsPerHour: loginsPerHour,
            incarnation: 1,
            using: &random
        )
    }

    /// Starts anew from what is durable, after `gone`.
    @discardableResult
    mutating func restart(after gone: Milliseconds = 0, loginsPerHour: Int = 12) -> RefreshStateMachine.Action {
        now = now + gone
        let action: RefreshStateMachine.Action
        (machine, action) = RefreshStateMachine.restore(
            stored,
            policy: RefreshPolicy(),
            loginsPerHour: loginsPerHour,
            incarnation: 1,
            now: now,
            using: &random
        )
        return action
    }

    // MARK: Single steps

    var flight: Flight {
        get throws { try #require(machine.flight, "no flight is under way") }
    }

    mutating func committed(_ failure: Failure? = nil) throws -> RefreshStateMachine.Action {
        machine.committed(try flight, failure: failure, now: now, using: &random)
    }

    mutating func answered(_ outcome: Outcome) throws -> RefreshStateMachine.Action {
        machine.answered(try flight, outcome, now: now, using: &random)
    }

    /// A set as the API would issue it now.
    func set(_ text: String = "new", life: Milliseconds = .hours(12)) -> Outcome {
        .received(.made(text, life: life, at: now.wall), sent: now)
    }

    // MARK: Whole ways

    /// Does what `action` asks for, as long as every change can be made durable; a request is answered with `outcome`.
    mutating func follow(_ action: RefreshStateMachine.Action, answer outcome: Outcome) throws {
        switch action {
        case .none: return
        case .commit(let change, let flight):
            stored.apply(change)
            let next = machine.committed(flight, failure: nil, now: now, using: &random)
            // One request, one answer: what comes after its record is the test's to follow.
            if case .recordFailure = change { return pending = next }
            try follow(next, answer: outcome)
        case .send(let flight):
            sent.append(flight.operation)
            try follow(machine.answered(flight, outcome, now: now, using: &random), answer: outcome)
        }
    }

    /// What the machine asked for once a failure was recorded.
    var pending: RefreshStateMachine.Action = .none

    /// Wakes the machine when it wants to be woken, if it does, and answers the one request that comes of it.
    mutating func nextAttempt(answer outcome: Outcome) throws {
        let action: RefreshStateMachine.Action
        if case .none = pending {
            let deadline = try #require(machine.deadline(seenAt: now), "wants no wake")
            if deadline > now.boot { now = now + (deadline - now.boot) }
            action = machine.wake(now: now)
        } else {
            action = pending
            pending = .none
        }
        try #require(action != .nothing, "a wake on time did nothing")
        try follow(action, answer: outcome)
    }
}

extension RefreshStateMachine {
    /// The flight under way or kept.
    var flight: Flight? {
        switch phase {
        case .committing(let flight, _), .exchanging(let flight), .uncommitted(let flight, _, _): flight
        case .resting, .backingOff, .held, .loginRequired: nil
        }
    }
}

/// What an action asks the shell for, in a word.
enum Asked: Equatable {
    case nothing, intent(Operation), save, record, send
}

extension RefreshStateMachine.Action {
    var asked: Asked {
        switch self {
        case .none: .nothing
        case .send: .send
        case .commit(.openIntent(_, let intent, _, _), _): .intent(intent.operation)
        case .commit(.saveTokens, _): .save
        case .commit(.recordFailure, _): .record
        case .commit(.putAccount, _), .commit(.updateAccount, _), .commit(.removeAccount, _):
            preconditionFailure("a machine does not ask for this")
        }
    }

    var change: StoreChange? {
        if case .commit(let change, _) = self { change } else { nil }
    }

    var requiredChange: StoreChange {
        get throws { try #require(change, "asked for no change") }
    }

    static func == (action: Self, asked: Asked) -> Bool { action.asked == asked }
    static func != (action: Self, asked: Asked) -> Bool { action.asked != asked }
}

extension StoredAccount {
    /// What a store does with a change, in the words of `StoreChange`.
    mutating func apply(_ change: StoreChange) {
        switch change {
        case .openIntent(_, let intent, let state, _):
            openIntent = intent
            refreshToken = state
        case .saveTokens(_, let tokens, let entry):
            self.tokens = tokens
            refreshToken = .unspent
            (openIntent, unreadAnswer, lastError, stayAwayUntil) = (nil, nil, nil, nil)
            recent.append(entry)
        case .recordFailure(_, let token, let password, let unread, let entry, let told, let stayAwayUntil):
            (lastError, self.stayAwayUntil) = (told, stayAwayUntil)
            refreshToken = token
            self.password = password
            openIntent = nil
            unreadAnswer = unread ?? unreadAnswer
            recent.append(entry)
        case .putAccount(let account, let password, let tokens, let entry):
            self.account = account
            self.password = password
            self.tokens = tokens
            refreshToken = .unspent
            (openIntent, unreadAnswer, lastError, stayAwayUntil) = (nil, nil, nil, nil)
            recent.append(entry)
        case .updateAccount(let account, let password, let entry):
            if account.subscriptionKey != self.account.subscriptionKey { stayAwayUntil = nil }
            self.account = account
            self.password = password
            recent.append(entry)
        case .removeAccount: break
        }
    }
}
