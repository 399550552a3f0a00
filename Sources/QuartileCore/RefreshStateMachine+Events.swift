// MARK: - Events

extension RefreshStateMachine {
    /// The time of `deadline` has come. Called early or for no reason, it does nothing.
    public mutating func wake(now: Moment) -> Action {
        switch phase {
        case .resting: dueAt(now) <= now.boot ? begin(now: now) : .none
        case .backingOff(let pause): pause.until <= now.boot ? begin(now: now) : .none
        case .uncommitted(let flight, let pending, let until):
            until <= now.boot ? commit(pending, flight) : .none
        case .committing, .exchanging, .held, .loginRequired: .none
        }
    }

    /// A caller waits for a set newer than the one there is. Starts a flight where the machine rests; a backoff after a
    /// request that never reached the API is cut to ten seconds, every other one holds.
    public mutating func demand(now: Moment) -> Action {
        switch phase {
        case .resting: return begin(now: now)
        case .backingOff(var pause):
            guard pause.unsent else { return .none }
            pause.until = max(min(pause.until, pause.since + Backoff.whileWaited), retryAfter ?? pause.since)
            phase = .backingOff(pause)
            lastError?.retryAt = now.wall(at: pause.until)
            return wake(now: now)
        case .committing, .exchanging, .uncommitted, .held, .loginRequired: return .none
        }
    }

    /// The user asks for a refresh now. Skips a backoff of our own, never a wait that the API asked for.
    public mutating func force(now: Moment) -> Action {
        switch phase {
        case .resting: return begin(now: now)
        case .backingOff: return retryAfter(at: now) == nil ? begin(now: now) : .none
        case .uncommitted(let flight, let pending, _): return commit(pending, flight)
        case .committing(_, .record):
            isForced = true
            return .none
        case .committing, .exchanging, .held, .loginRequired: return .none
        }
    }

    /// The change of `flight` was made durable, or could not be.
    public mutating func committed(
        _ flight: Flight,
        failure: Failure?,
        now: Moment,
        using random: inout some RandomNumberGenerator
    ) -> Action {
        guard case .committing(let current, let pending) = phase, current == flight else { return .none }
        guard let failure else {
            switch pending {
            case .intent:
                // The store works again, and what it failed at before was this.
                if lastError?.failure.code == .storageFailed { lastError = nil }
                ownIntentStands = false
                beforeFlight = refreshToken
                if refreshToken == .spent, flight.operation == .refresh { refreshToken = .replayed }
                phase = .exchanging(flight)
                return .send(flight)
            case .save(let received):
                let justArrived = tokens.generation < received.generation
                if justArrived { adoptOwn(received, now: now, using: &random) }
                let failuresBefore = failures
                recover()
                phase = .resting
                if justArrived, tokens.remaining(at: now) <= 0 {
                    failures = failuresBefore
                    backOffFromRunOutSet(now: now, using: &random)
                }
                return .none
            case .record(_, _, let told, _):
                lastError = told
                return settle(now: now)
            }
        }
        failures += 1
        let until = now.boot + Backoff.storageDelay(failures: failures, random: .random(in: 0..<1, using: &random))
        lastError = LastError(failure, at: now.wall, retryAt: now.wall(at: until))
        switch pending {
        case .intent:
            ownIntentStands = true
            phase = .backingOff(Pause(since: now.boot, until: until, unsent: true))
        case .save(let received):
            // Not durable, but all there is: the old set's refresh token is spent.
            if tokens.generation < received.generation { adoptOwn(received, now: now, using: &random) }
            phase = .uncommitted(flight, pending, until: until)
        case .record:
            isForced = false
            phase = .uncommitted(flight, pending, until: until)
        }
        return .none
    }

    /// The exchange of `flight` has ended.
    public mutating func answered(
        _ flight: Flight,
        _ outcome: Outcome,
        now: Moment,
        using random: inout some RandomNumberGenerator
    ) -> Action {
        guard case .exchanging(let current) = phase, current == flight else { return .none }
        if flight.operation == .login, outcome.isAnAnswerToALogin { budget.countLogin(at: now.wall) }
        switch outcome {
        case .received(let set, let sent):
            return commit(.save(IssuedTokens(set, generation: flight.generation + 1, sent: sent)), flight)
        case .notSent(let failure):
            refreshToken = beforeFlight
            return recordFailure(failure, result: .notSent, backsOff: true, unsent: true, now: now, using: &random)
        case .turnedAway(let failure):
            refreshToken = beforeFlight
            return recordFailure(failure, result: .turnedAway, backsOff: true, unsent: false, now: now, using: &random)
        case .ambiguous(let failure, let unread):
            if flight.operation == .refresh {
                if unread != nil, refreshToken != .replayed { refreshToken = .spent }
                if refreshToken == .unspent { refreshToken = .ambiguous }
            }
            return recordFailure(
                failure,
                result: unread == nil ? .ambiguous : .unread,
                backsOff: true,
                unsent: false,
                unread: unread,
                now: now,
                using: &random
            )
        case .passwordRejected(let failure):
            password = .rejected
            return recordFailure(failure, result: .refused, backsOff: false, unsent: false, now: now, using: &random)
        case .refused(let failure) where flight.operation == .login:
            return recordFailure(failure, result: .refused, backsOff: true, unsent: false, now: now, using: &random)
        case .refused(let failure):
            return refreshTokenRefused(failure, now: now, using: &random)
        }
    }

    private mutating func refreshTokenRefused(
        _ failure: Failure,
        now: Moment,
        using random: inout some RandomNumberGenerator
    ) -> Action {
        let isOver = tokens.set.refreshExpiresAt.map { $0 <= now.wall } ?? false
        refusedUnspent = refreshToken == .unspent && !isOver
        refreshToken = .refused
        guard refusedUnspent else {
            return recordFailure(failure, result: .refused, backsOff: false, unsent: false, now: now, using: &random)
        }
        budget.countRefusalOfUnspent(at: now.wall)
        let told = Failure(
            .upstreamUnavailable,
            "the API refused a refresh token that was never used here: another program uses this login, or it was revoked"
        )
        return recordFailure(told, result: .refusedUnspent, backsOff: false, unsent: false, now: now, using: &random)
    }
}

extension Outcome {
    /// How long the API asked to be left alone.
    var retryAfter: Milliseconds? {
        switch self {
        case .received: nil
        case .notSent(let failure), .turnedAway(let failure), .refused(let failure), .passwordRejected(let failure),
            .ambiguous(let failure, _):
            failure.retryAfter
        }
    }

    /// Whether the API acted on a login, so that it counts against the budget.
    var isAnAnswerToALogin: Bool {
        switch self {
        case .received, .refused, .passwordRejected: true
        case .ambiguous(_, let unread): unread != nil
        case .notSent, .turnedAway: false
        }
    }
}

// MARK: - Steps

extension RefreshStateMachine {
    mutating func begin(now: Moment) -> Action {
        if isEnding { return .none }
        guard let operation = nextOperation else { return requireLogin(at: now.wall) }
        if let until = retryAfter(at: now) { return waitForAPI(until: until, now: now) }
        if operation == .login {
            let allowed = budget.nextLogin(at: now.wall)
            if allowed > now.wall { return waitForBudget(until: allowed, now: now) }
        }
        let flight = startFlight(operation)
        return commit(.intent(Intent(generation: flight.generation, operation: operation, at: now.wall)), flight)
    }

    @discardableResult
    mutating func startFlight(_ operation: Operation) -> Flight {
        flights += 1
        let flight = Flight(
            account: name,
            incarnation: incarnation,
            number: flights,
            generation: tokens.generation,
            operation: operation
        )
        phase = .exchanging(flight)
        return flight
    }

    private mutating func commit(_ pending: Pending, _ flight: Flight) -> Action {
        phase = .committing(flight, pending)
        let change: StoreChange =
            switch pending {
            case .intent(let intent):
                .openIntent(
                    name,
                    intent,
                    refreshToken: stateIfCutOff(flight.operation),
                    replacingOwn: ownIntentStands
                )
            case .save(let received):
                .saveTokens(
                    name,
                    received,
                    HistoryEntry(at: received.set.issuedAt, event: flight.operation.event, result: .received)
                )
            case .record(let entry, let unread, let told, let stayAwayUntil):
                .recordFailure(
                    name,
                    refreshToken,
                    password,
                    unread: unread,
                    entry,
                    told: told,
                    stayAwayUntil: stayAwayUntil
                )
            }
        return .commit(change, flight)
    }

    /// What the refresh token has to be taken for, should the process end before the answer.
    private func stateIfCutOff(_ operation: Operation) -> RefreshTokenState {
        switch (operation, refreshToken) {
        case (.refresh, .unspent): .ambiguous
        case (.refresh, .spent): .replayed
        case (.refresh, .ambiguous), (.refresh, .replayed), (.refresh, .refused), (.login, _): refreshToken
        }
    }

    private mutating func adoptOwn(
        _ received: IssuedTokens,
        now: Moment,
        using random: inout some RandomNumberGenerator
    ) {
        adopt(received, using: &random)
        refreshedAt = now.boot
    }

    mutating func adopt(_ received: IssuedTokens, using random: inout some RandomNumberGenerator) {
        tokens = received
        refreshToken = .unspent
        refusedUnspent = false
        jitter = .random(in: 0..<1, using: &random)
    }

    mutating func recover() {
        failures = 0
        lastError = nil
        longAbsent = false
        ownIntentStands = false
    }

    /// Keeps what a flight without a set has taught, and how long to wait after it.
    mutating func recordFailure(
        _ failure: Failure,
        result: HistoryEntry.Result,
        backsOff: Bool,
        unsent: Bool,
        unread: Secret? = nil,
        now: Moment,
        using random: inout some RandomNumberGenerator
    ) -> Action {
        guard case .exchanging(let flight) = phase else { return .none }
        var until = now.boot
        if backsOff {
            failures += 1
            until = until + Backoff.delay(failures: failures, random: .random(in: 0..<1, using: &random))
        }
        if let asked = failure.retryAfter { retryAfter = max(retryAfter ?? now.boot, now.boot + asked) }
        if let asked = retryAfter(at: now) { until = max(until, asked) }
        pause = Pause(since: now.boot, until: until, unsent: unsent)
        let told = LastError(failure, at: now.wall, retryAt: now.wall(at: until))
        lastError = told
        let entry = HistoryEntry(at: now.wall, event: flight.operation.event, result: result)
        let stayAwayUntil = retryAfter(at: now).map(now.wall(at:))
        return commit(.record(entry, unread: unread, told: told, stayAwayUntil: stayAwayUntil), flight)
    }
}

extension Operation {
    var event: HistoryEntry.Event {
        switch self {
        case .refresh: .refresh
        case .login: .login
        }
    }
}
