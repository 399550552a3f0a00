// MARK: - What is waited for, and what for a person

extension RefreshStateMachine {
    /// Another account of the same subscription key was asked to stay away, and so is this one. False where that is
    /// known.
    mutating func stayAway(until: BootTime, now: Moment) -> Bool {
        guard until > retryAfter ?? now.boot else { return false }
        retryAfter = until
        switch phase {
        case .backingOff(var pause):
            guard pause.until < until else { break }
            pause.until = until
            phase = .backingOff(pause)
            lastError?.retryAt = now.wall(at: until)
        case .held(.backingOff(var pause)):
            pause.until = max(pause.until, until)
            phase = .held(.backingOff(pause))
        case .resting, .committing, .exchanging, .uncommitted, .held, .loginRequired: break
        }
        return true
    }

    /// Goes on after a failure that was recorded.
    mutating func settle(now: Moment) -> Action {
        defer { isForced = false }
        if nextOperation == nil { return requireLogin(at: now.wall) }
        phase = .backingOff(pause)
        return isForced ? force(now: now) : wake(now: now)
    }

    /// A set that ran out on its way would be asked for again at once, and so would the next.
    mutating func backOffFromRunOutSet(now: Moment, using random: inout some RandomNumberGenerator) {
        failures += 1
        let until = now.boot + Backoff.delay(failures: failures, random: .random(in: 0..<1, using: &random))
        phase = .backingOff(Pause(since: now.boot, until: until, unsent: false))
        let failure = Failure(.upstreamUnavailable, "the API issued an access token that had run out on arrival")
        lastError = LastError(failure, at: now.wall, retryAt: now.wall(at: until))
    }

    mutating func waitForAPI(until: BootTime, now: Moment) -> Action {
        phase = .backingOff(Pause(since: now.boot, until: until, unsent: false))
        let failure =
            lastError?.failure
            ?? Failure(.upstreamUnavailable, "the API asked the subscription key of account \(name) to slow down")
        lastError = LastError(failure, at: lastError?.at ?? now.wall, retryAt: now.wall(at: until))
        return .none
    }

    /// Goes on waiting out a failure from before a restart. What never reached the API is tried at once: it costs the
    /// API nothing, and whoever restarts the daemon may just have mended the network.
    mutating func resumeBackoff(after error: LastError, lastResult: HistoryEntry.Result?, now: Moment) {
        let left = lastResult == .notSent ? 0 : min((error.retryAt ?? now.wall) - now.wall, Backoff.ceiling)
        let until = max(now.boot + max(left, 0), retryAfter ?? now.boot)
        phase = .backingOff(Pause(since: now.boot, until: until, unsent: lastResult == .notSent))
        lastError?.retryAt = now.wall(at: until)
    }

    mutating func waitForBudget(until allowed: UnixTime, now: Moment) -> Action {
        let until = now.boot + (allowed - now.wall)
        phase = .backingOff(Pause(since: now.boot, until: until, unsent: false))
        let message =
            budget.refusalsOfUnspent >= 3
            ? "the API keeps refusing refresh tokens that were never used here, because another program uses this login or "
                + "somebody revokes it, so the next login waits"
            : "the budget of \(budget.perHour) logins an hour is used up"
        lastError = LastError(Failure(.upstreamUnavailable, message), at: now.wall, retryAt: allowed)
        return .none
    }

    @discardableResult
    mutating func requireLogin(at time: UnixTime) -> Action {
        phase = .loginRequired
        let failure: Failure =
            switch password {
            case .rejected:
                Failure(
                    .loginRequired,
                    "the API refused the refresh token and the stored password of account \(name)",
                    remedy: "quartilectl update --account \(name)"
                )
            case .none where refusedUnspent, .stored where refusedUnspent:
                Failure(
                    .loginRequired,
                    "the API refused a refresh token of account \(name) that was never used here, so another program "
                        + "uses this login or it was revoked, and no password is stored",
                    remedy: "quartilectl login --account \(name)"
                )
            case .none, .stored:
                Failure(
                    .loginRequired,
                    "the API refused the refresh token of account \(name), and no password is stored",
                    remedy: "quartilectl login --account \(name)"
                )
            }
        lastError = LastError(failure, at: time, retryAt: nil)
        return .none
    }
}
