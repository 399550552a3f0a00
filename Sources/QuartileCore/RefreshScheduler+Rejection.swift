import OrderedCollections

// MARK: - Tokens that an API refused

extension RefreshScheduler {
    /// Which access token a caller saw refused.
    public enum Rejected: Sendable {
        /// That of this generation.
        case generation(Generation)
        /// This one.
        case accessToken(Secret)
    }

    /// What a caller that saw a token refused gets.
    public enum RejectionAnswer: Sendable {
        /// The token is not the newest: there is a better one already.
        case alreadyReplaced(Generation)
        /// The last refresh, or a login of the daemon's own in its place, was less than half a minute ago, so another would
        /// most likely not help.
        case tooSoon(Generation)
        /// There is no such account.
        case unknownAccount
        /// A refresh was tried. A `.token` is the new one.
        case refresh(Answer)
    }

    /// How long after a refresh the new token may be rejected to no effect: an API that refuses every token must not be
    /// asked for ever more of them.
    private static let calm = Milliseconds.seconds(30)

    /// A caller saw the API refuse an access token. If that is the newest one, it is replaced, as `refresh` does, but with
    /// no backoff skipped. Nil means that the caller waits, as in `getToken`.
    public mutating func reject(
        _ name: AccountName,
        _ rejected: Rejected,
        waiter: WaiterID,
        deadline: BootTime,
        now: Moment
    ) -> (RejectionAnswer?, Effects) {
        guard let machine = entries[name]?.machine else { return (.unknownAccount, Effects()) }
        let newest = machine.tokens.generation
        guard rejected.isOf(machine.tokens) else { return (.alreadyReplaced(newest), Effects()) }
        if let last = machine.refreshedAt, now.boot - last <= RefreshScheduler.calm {
            return (.tooSoon(newest), Effects())
        }
        let (answer, effects) = wait(for: name, forced: true, waiter: waiter, deadline: deadline, now: now) {
            $0.demand(now: now)
        }
        return (answer.map(RejectionAnswer.refresh), effects)
    }
}

extension RefreshScheduler.Rejected {
    fileprivate func isOf(_ tokens: IssuedTokens) -> Bool {
        switch self {
        case .generation(let generation): generation == tokens.generation
        case .accessToken(let token): token == tokens.set.accessToken
        }
    }
}
