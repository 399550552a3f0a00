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
            if nextOperation == nil { return requireLogin(at: now.wall) }
            failures = 0
            phase = .backingOff(Pause(since: now.boot, until: retryAfter(at: now) ?? now.boot, unsent: false))
            return wake(now: now)
        case .resting, .committing, .exchanging, .uncommitted: break
        }
        return failed ? wake(now: now) : .none
    }
}
