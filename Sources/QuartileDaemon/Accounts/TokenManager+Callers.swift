package import QuartileCore

extension TokenManager {
    package typealias TokenReply = @Sendable (Result<ServedToken, RequestFailure>) -> Void

    /// Gets a token with at least `minValid` left, waiting for at most `maxWait` where one has to be fetched. `reply` is
    /// called once: before this returns where the token is in memory, else later on any thread.
    package func getToken(
        _ name: AccountName,
        minValid: Milliseconds?,
        maxWait: Milliseconds,
        reply: @escaping TokenReply
    ) {
        let outcome: Result<ServedToken, RequestFailure>? = transition { state, now in
            state.lastCaller += 1
            let caller = state.lastCaller
            let (answer, effects) = state.scheduler.getToken(
                name,
                minValid: minValid,
                waiter: caller,
                deadline: now.boot + maxWait,
                now: now
            )
            if answer == nil { state.callers[caller] = { reply(self.outcome(name, $0)) } }
            return (answer.map { state.outcome(name, $0) }, effects)
        }
        if let outcome { reply(outcome) }
    }

    /// Forces a refresh, or joins the one under way, and waits for it.
    package func refresh(_ name: AccountName) async throws(RequestFailure) -> AccountStatus {
        let answer = await withCheckedContinuation { (done: CheckedContinuation<RefreshScheduler.Answer, Never>) in
            let answer = transition { state, now in
                state.lastCaller += 1
                let caller = state.lastCaller
                let (answer, effects) = state.scheduler.refresh(
                    name,
                    waiter: caller,
                    deadline: now.boot + TokenManager.longestRefresh,
                    now: now
                )
                if answer == nil { state.callers[caller] = { done.resume(returning: $0) } }
                return (answer, effects)
            }
            if let answer { done.resume(returning: answer) }
        }
        _ = try outcome(name, answer).get()
        return try status(of: name)
    }

    /// Replaces an access token that an API refused, if it is the newest, and waits for that.
    package func reject(
        _ name: AccountName,
        _ rejected: RefreshScheduler.Rejected
    ) async throws(RequestFailure) -> Rejection {
        let answer = await withCheckedContinuation { (done: CheckedContinuation<RejectionAnswer, Never>) in
            let answer = transition { state, now in
                state.lastCaller += 1
                let caller = state.lastCaller
                let (answer, effects) = state.scheduler.reject(
                    name,
                    rejected,
                    waiter: caller,
                    deadline: now.boot + TokenManager.longestRefresh,
                    now: now
                )
                if answer == nil { state.callers[caller] = { done.resume(returning: .refresh($0)) } }
                return (answer, effects)
            }
            if let answer { done.resume(returning: answer) }
        }
        switch answer {
        case .alreadyReplaced(let generation): return .alreadyReplaced(generation)
        case .tooSoon(let generation): return .tooSoon(generation)
        case .unknownAccount: throw absent(name)
        case .refresh(let answer): return .refreshed(try outcome(name, answer).get().tokens.generation)
        }
    }

    private typealias RejectionAnswer = RefreshScheduler.RejectionAnswer

    /// More than a refresh and the login behind it can take; a bound for what should not happen.
    private static let longestRefresh = Milliseconds.minutes(10)

    private func outcome(_ name: AccountName, _ answer: RefreshScheduler.Answer) -> Result<ServedToken, RequestFailure>
    {
        inspect { $0.outcome(name, answer) }
    }

    /// Why an account that the scheduler does not know can't be served.
    func absent(_ name: AccountName) -> RequestFailure {
        inspect { $0.absent(name) }
    }

    /// How an account is.
    package func status(of name: AccountName) throws(RequestFailure) -> AccountStatus {
        let now = clock.now()
        let status = inspect { state in
            state.accounts[name].flatMap { account in
                state.scheduler[name].map { AccountStatus(account, $0, at: now) }
            }
        }
        guard let status else { throw absent(name) }
        return status
    }

    /// How all accounts are, sorted by name.
    package func statuses() -> [AccountStatus] {
        statuses(of: inspect { $0.scheduler.accounts })
    }

    /// Whether there is an account of this name, be its secrets readable or not.
    package func hasAccount(_ name: AccountName) -> Bool {
        inspect { $0.accounts[name] != nil || $0.damaged.contains(name) }
    }

    /// How those of `names` are that are there, in the same order.
    package func statuses(of names: [AccountName]) -> [AccountStatus] {
        let now = clock.now()
        return inspect { state in
            names.compactMap { name in
                state.accounts[name].flatMap { account in
                    state.scheduler[name].map { AccountStatus(account, $0, at: now) }
                }
            }
        }
    }
}

extension TokenManager.State {
    /// What an answer of the scheduler is to the caller.
    fileprivate func outcome(
        _ name: AccountName,
        _ answer: RefreshScheduler.Answer
    ) -> Result<ServedToken, RequestFailure> {
        switch answer {
        case .unknownAccount: return .failure(absent(name))
        case .timeout: return .failure(.timeout(name))
        case .failure(let error): return .failure(RequestFailure(error))
        case .token(let tokens, let remaining, let degraded):
            guard let account = accounts[name] else { return .failure(.unknownAccount(name)) }
            let token = ServedToken(
                account: name,
                apiVersion: account.apiVersion,
                subscriptionKey: account.subscriptionKey,
                tokens: tokens,
                remaining: remaining,
                degraded: degraded
            )
            return .success(token)
        }
    }

    fileprivate func absent(_ name: AccountName) -> RequestFailure {
        guard damaged.contains(name) else { return .unknownAccount(name) }
        return .failed(
            Failure(
                .storageFailed,
                "the stored secrets of account \(name) do not open with this key: the database was altered",
                remedy: "quartilectl logout --account \(name)"
            ),
            retryAt: nil
        )
    }
}
