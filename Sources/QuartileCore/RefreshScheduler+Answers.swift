// MARK: - What a waiting caller gets, and when

extension RefreshScheduler.Entry {
    mutating func answerWaiters(now: Moment, into effects: inout RefreshScheduler.Effects) {
        guard !waiters.isEmpty else { return }
        var waiting: [RefreshScheduler.Waiter] = []
        for waiter in waiters {
            if let answer = answer(to: waiter, now: now) {
                effects.answers.append((waiter.id, answer))
            } else {
                waiting.append(waiter)
            }
        }
        waiters = waiting
    }

    func answer(to waiter: RefreshScheduler.Waiter, now: Moment) -> RefreshScheduler.Answer? {
        let remaining = machine.tokens.remaining(at: now)
        let best: RefreshScheduler.Answer? =
            remaining > 0 ? .token(machine.tokens, remaining: remaining, degraded: machine.lastError) : nil
        if machine.tokens.generation > waiter.generation, let best { return best }
        let timeIsUp = waiter.deadline <= now.boot
        if machine.isInFlight {
            guard timeIsUp else { return nil }
            return waiter.forced ? .timeout : best?.late(at: now) ?? .timeout
        }
        guard let error = machine.lastError else { return timeIsUp ? best ?? .timeout : nil }
        if waiter.forced { return .failure(error) }
        if let best { return best }
        // A next attempt within the caller's time is worth waiting for.
        if !timeIsUp, let next = machine.nextAttempt(waitedFor: now), next < waiter.deadline { return nil }
        return .failure(error)
    }
}

extension RefreshScheduler.Answer {
    /// A token that falls short of what was asked for, since the request for a better one is still under way: marked
    /// as degraded, with what failed last if anything did.
    fileprivate func late(at now: Moment) -> RefreshScheduler.Answer {
        guard case .token(let tokens, let remaining, nil) = self else { return self }
        let failure = Failure(.upstreamUnavailable, "the refresh was not answered in time")
        return .token(tokens, remaining: remaining, degraded: LastError(failure, at: now.wall, retryAt: nil))
    }
}

extension RefreshStateMachine {
    /// The token in hand, if it has `minValid` left or there is no point in asking for one that has.
    func token(minValid: Milliseconds?, now: Moment) -> RefreshScheduler.Answer? {
        let remaining = tokens.remaining(at: now)
        let life = tokens.set.life
        var wanted = minValid ?? RefreshPolicy.defaultMinValid(life: life)
        if wanted >= life { wanted = 0 }
        let isNew = refreshedAt.map { now.boot - $0 < RefreshPolicy.calm(life: life) } ?? false
        if isNew { wanted = min(wanted, RefreshPolicy.defaultMinValid(life: life)) }
        guard remaining > 0, remaining >= wanted else { return nil }
        return .token(tokens, remaining: remaining, degraded: lastError)
    }

    /// When the next attempt is made while a caller waits.
    fileprivate func nextAttempt(waitedFor now: Moment) -> BootTime? {
        var waited = self
        switch waited.demand(now: now) {
        case .none: return waited.deadline(seenAt: now)
        case .commit, .send: return now.boot
        }
    }
}
