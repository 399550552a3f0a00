@testable import QuartileCore

/// Ways to break the core, each of which the walk has to report.
enum SimulationSabotage: String, CaseIterable {
    // What the machine is told.
    case takesRefusalForNotSent
    case takesUnreadForNoAnswer
    case takesOutageForRejectedPassword
    case takesRejectionForRefusal
    case ignoresRetryAfter
    case exaggeratesRetryAfter
    case acknowledgesFailedSave
    case acknowledgesUnsynced
    case trustsFailedCommits
    case ignoresFailedIntent
    // What becomes of what the scheduler says.
    case presentsPreviousToken
    case sendsTwice
    case triesWithoutPause
    case ignoresHold
    case publishesBeforeCommit
    case dropsUnsavedSet
    case answersByASlowClock
    case answersFromMemory
    case answersTwice
    case sleepsThroughBackoff
    case seesAnEarlierTime
    // What is read at a start.
    case forgetsBudget
    case allowsEveryLogin
    case forgetsRejection
    case takesOpenIntentForUnsent
    case startsFromOlderSet
    case startsUnsynced

    /// The promise that it breaks.
    var breaks: SimulationPromise {
        switch self {
        case .takesRefusalForNotSent, .takesUnreadForNoAnswer, .presentsPreviousToken,
            .takesOpenIntentForUnsent:
            .spentTokens
        case .sendsTwice, .ignoresHold: .oneFlight
        case .answersByASlowClock, .answersFromMemory: .goodTokens
        case .publishesBeforeCommit, .acknowledgesFailedSave, .acknowledgesUnsynced, .startsUnsynced:
            .durableFirst
        case .takesOutageForRejectedPassword, .exaggeratesRetryAfter: .recovery
        case .seesAnEarlierTime: .wakes
        case .takesRejectionForRefusal, .forgetsBudget, .allowsEveryLogin, .forgetsRejection:
            .loginBudget
        case .startsFromOlderSet: .acknowledgedSets
        case .dropsUnsavedSet: .keptSets
        case .ignoresFailedIntent: .intentFirst
        case .ignoresRetryAfter: .retryAfter
        case .triesWithoutPause: .backoff
        case .answersTwice, .sleepsThroughBackoff: .answers
        case .trustsFailedCommits: .conditions
        }
    }
}

// MARK: - The seams

extension Simulation {
    /// What the machine is told came of a request.
    func distort(_ outcome: Outcome, of operation: Operation) -> Outcome {
        switch (sabotage, outcome) {
        case (.takesRefusalForNotSent, .refused(let failure)): .notSent(failure)
        case (.takesUnreadForNoAnswer, .ambiguous(let failure, _)) where operation == .refresh:
            .ambiguous(failure, unread: nil)
        case (.takesOutageForRejectedPassword, .ambiguous(let failure, nil)) where operation == .login:
            .passwordRejected(failure)
        case (.takesRejectionForRefusal, .passwordRejected(let failure)): .refused(failure)
        case (.ignoresRetryAfter, .turnedAway(let failure)): .turnedAway(failure.waiting(0))
        case (.exaggeratesRetryAfter, .turnedAway(let failure)): .turnedAway(failure.waiting(30))
        default: outcome
        }
    }

    /// What the machine is told came of a commit.
    func distort(_ failure: Failure?, of change: StoreChange, _ fate: SimulationDisk.Fate) -> Failure? {
        switch (sabotage, change) {
        case (.acknowledgesFailedSave, .saveTokens), (.ignoresFailedIntent, .openIntent): nil
        case (.acknowledgesUnsynced, .saveTokens) where fate == .failsUnsynced: nil
        default: failure
        }
    }

    /// What the machine is told was stored.
    func distort(_ stored: StoredAccount) -> StoredAccount {
        var stored = stored
        switch sabotage {
        case .forgetsBudget: stored.recent = []
        case .forgetsRejection: if stored.password == .rejected { stored.password = .stored }
        case .takesOpenIntentForUnsent: if stored.openIntent != nil { stored.refreshToken = .unspent }
        case .startsFromOlderSet: stored.tokens.generation -= 1
        default: break
        }
        return stored
    }

    /// What a caller is answered.
    mutating func distort(_ answer: RefreshScheduler.Answer, to name: AccountName)
        -> RefreshScheduler.Answer
    {
        guard sabotage == .answersFromMemory, case .token(let tokens, _, let degraded) = answer else {
            return answer
        }
        defer { remembered[name] = tokens }
        guard let old = remembered[name], chance(4) else { return answer }
        return .token(old, remaining: max(1, old.remaining(at: now)), degraded: degraded)
    }

    /// The refresh token that is sent.
    func presented(_ machine: RefreshStateMachine, _ account: SimulatedAccount) -> String {
        let token = machine.tokens.set.refreshToken.reveal()
        guard sabotage == .presentsPreviousToken else { return token }
        return account.tokens.last { $0.token != token }?.token ?? token
    }
}

extension Failure {
    fileprivate func waiting(_ times: Double) -> Failure {
        var failure = self
        failure.retryAfter = failure.retryAfter.map { $0 * times }
        return failure
    }
}
