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
    /// request that never left is cut to ten seconds, every other one holds.
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
        case .resting, .backingOff: retryAfter(at: now) == nil ? begin(now: now) : .none
        case .uncommitted(let flight, let pending, _): commit(pending, flight)
        case .committing, .exchanging, .held, .loginRequired: .none
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
                ownIntentStands = false
                beforeFlight = refreshToken
                if refreshToken == .spent, flight.operation == .refresh { refreshToken = .replayed }
                phase = .exchanging(flight)
                return .send(flight)
            case .save(let received):
                let justArrived = tokens.generation < received.generation
                if justArrived { adopt(received, using: &random) }
                let failuresBefore = failures
                recover()
                phase = .resting
                if justArrived, tokens.remaining(at: now) <= 0 {
                    failures = failuresBefore
                    backOffFromRunOutSet(now: now, using: &random)
                }
                return .none
            case .record(_, _, let told):
                lastError = told
                return settle(now: now)
            }
        }
        failures += 1
        let until = now.boot + Backoff.delay(failures: failures, random: .random(in: 0..<1, using: &random))
        lastError = LastError(failure, at: now.wall, retryAt: now.wall(at: until))
        switch pending {
        case .intent:
            ownIntentStands = true
            phase = .backingOff(Pause(since: now.boot, until: until, unsent: true))
        case .save(let received):
            // Not durable, but all there is: the old set's refresh token is spent.
            if tokens.generation < received.generation { adopt(received, using: &random) }
            phase = .uncommitted(flight, pending, until: until)
        case .record:
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
    /// Whether the API acted on a login, so that it counts against the budget.
    var isAnAnswerToALogin: Bool {
        switch self {
        case .received, .refused, .passwordRejected: true
        case .ambiguous(_, let unread): unread != nil
        case .notSent: false
        }
    }
}

// MARK: - What the user does

extension RefreshStateMachine {
    /// The user logs in or imports: no flight begins until `release` or `replaced`. False where a flight is under way
    /// or a received set is not saved yet; ask again when that has changed.
    public mutating func hold() -> Bool {
        switch phase {
        case .resting: phase = .held(.resting)
        case .backingOff(let pause): phase = .held(.backingOff(pause))
        case .loginRequired: phase = .held(.loginRequired)
        case .committing, .exchanging, .uncommitted, .held: return false
        }
        return true
    }

    /// The user's login or import came to nothing: everything is as it was.
    public mutating func release() {
        guard case .held(let resumption) = phase else { return }
        switch resumption {
        case .resting: phase = .resting
        case .backingOff(let pause): phase = .backingOff(pause)
        case .loginRequired: phase = .loginRequired
        }
    }

    /// The user's login or import was made durable.
    public mutating func replaced(
        by tokens: IssuedTokens,
        password: PasswordState,
        using random: inout some RandomNumberGenerator
    ) {
        self.password = password
        adopt(tokens, using: &random)
        recover()
        phase = .resting
    }

    /// New credentials were made durable: whatever failed for want of them is tried again, at once where the API did
    /// not ask us to stay away. Ends a hold, which the caller should have: a flight under way would still go by the
    /// old credentials.
    public mutating func credentialsChanged(password: PasswordState, now: Moment) -> Action {
        self.password = password
        let failed = lastError != nil
        switch phase {
        case .held(.resting): phase = .resting
        case .held(.backingOff), .held(.loginRequired), .backingOff, .loginRequired:
            if nextOperation == nil { return requireLogin(at: now) }
            failures = 0
            phase = .backingOff(Pause(since: now.boot, until: retryAfter(at: now) ?? now.boot, unsent: false))
            return wake(now: now)
        case .resting, .committing, .exchanging, .uncommitted: break
        }
        return failed ? wake(now: now) : .none
    }

    private mutating func adopt(_ received: IssuedTokens, using random: inout some RandomNumberGenerator) {
        tokens = received
        refreshToken = .unspent
        refusedUnspent = false
        jitter = .random(in: 0..<1, using: &random)
    }

    private mutating func recover() {
        failures = 0
        lastError = nil
        retryAfter = nil
        longAbsent = false
        ownIntentStands = false
    }
}

// MARK: - Steps

extension RefreshStateMachine {
    private mutating func begin(now: Moment) -> Action {
        guard let operation = nextOperation else { return requireLogin(at: now) }
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
            case .record(let entry, let unread, _):
                .recordFailure(name, refreshToken, password, unread: unread, entry)
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
        if let asked = failure.retryAfter {
            let asked = now.boot + asked
            retryAfter = asked
            until = max(until, asked)
        }
        pause = Pause(since: now.boot, until: until, unsent: unsent)
        let told = LastError(failure, at: now.wall, retryAt: now.wall(at: until))
        lastError = told
        let entry = HistoryEntry(at: now.wall, event: flight.operation.event, result: result)
        return commit(.record(entry, unread: unread, told: told), flight)
    }

    /// Goes on after a failure that was recorded.
    private mutating func settle(now: Moment) -> Action {
        if nextOperation == nil { return requireLogin(at: now) }
        phase = .backingOff(pause)
        return wake(now: now)
    }

    /// A set that ran out on its way would be asked for again at once, and so would the next.
    private mutating func backOffFromRunOutSet(now: Moment, using random: inout some RandomNumberGenerator) {
        failures += 1
        let until = now.boot + Backoff.delay(failures: failures, random: .random(in: 0..<1, using: &random))
        phase = .backingOff(Pause(since: now.boot, until: until, unsent: false))
        let failure = Failure(.upstreamUnavailable, "the API issued an access token that had run out on arrival")
        lastError = LastError(failure, at: now.wall, retryAt: now.wall(at: until))
    }

    private mutating func waitForBudget(until allowed: UnixTime, now: Moment) -> Action {
        let until = now.boot + (allowed - now.wall)
        phase = .backingOff(Pause(since: now.boot, until: until, unsent: false))
        let message =
            budget.refusalsOfUnspent >= 3
            ? "another program keeps taking this login over, so the next login waits"
            : "the budget of \(budget.perHour) logins an hour is used up"
        lastError = LastError(Failure(.upstreamUnavailable, message), at: now.wall, retryAt: allowed)
        return .none
    }

    @discardableResult
    mutating func requireLogin(at now: Moment) -> Action {
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
        lastError = LastError(failure, at: now.wall, retryAt: nil)
        return .none
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
