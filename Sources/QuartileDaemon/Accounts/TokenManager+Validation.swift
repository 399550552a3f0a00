package import QuartileCore

extension TokenManager {
    /// What the API said of an account's access token, or why it said nothing.
    struct Validation: Sendable {
        var outcome: Result<Bool, Failure>
        var generation: Generation
        var at: Moment

        /// For how long it is given to whoever asks: an answer for 5 s; a failure for 1 s, so that whoever asks in a loop
        /// does not ask the API in one.
        var life: Milliseconds {
            switch outcome {
            case .success: .seconds(5)
            case .failure: .seconds(1)
            }
        }
    }

    /// An access token that the API is asked about.
    struct ValidatedToken: Sendable, Hashable {
        var name: AccountName
        var generation: Generation
    }

    /// Asks the API whether it takes the access token. However many ask, the API is asked about a token once at a time;
    /// an answer less than 5 s old is given again.
    package func validate(_ name: AccountName) async throws(RequestFailure) -> (valid: Bool, at: UnixTime) {
        let validation = try await validation(of: name)
        switch validation.outcome {
        case .success(let valid): return (valid, validation.at.wall)
        case .failure(let failure):
            // What the API asked for has become what all accounts of the key keep to, each with a spread of its own.
            let now = clock.now()
            let until = inspect { $0.scheduler[name]?.retryAfter(at: now) }
            throw .failed(failure, retryAt: until.map(now.wall(at:)))
        }
    }

    private func validation(of name: AccountName) async throws(RequestFailure) -> Validation {
        while true {
            let now = clock.now()
            let (account, machine, known) = inspect { ($0.accounts[name], $0.scheduler[name], $0.validations[name]) }
            guard let account, let machine else { throw absent(name) }
            let token = ValidatedToken(name: name, generation: machine.tokens.generation)
            if let known, known.generation == token.generation, now.boot - known.at.boot < known.life { return known }
            if let until = machine.retryAfter(at: now) {
                let failure = machine.lastError?.failure ?? Failure(.upstreamUnavailable, "the API asked to wait")
                throw .failed(failure, retryAt: now.wall(at: until))
            }
            let isUnderWay = change { state in
                if state.validating[token] != nil { return true }
                state.validating[token] = []
                return false
            }
            guard isUnderWay else { return await validation(of: token, account, machine.tokens.set.accessToken) }
            await end(of: token)
        }
    }

    /// Asks the API, and lets those go on who wait for its answer.
    private func validation(of token: ValidatedToken, _ account: Account, _ accessToken: Secret) async -> Validation {
        let outcome = await api.validate(account, accessToken: accessToken)
        if case .failure(let failure) = outcome { heed(failure, of: account) }
        let validation = Validation(outcome: outcome, generation: token.generation, at: clock.now())
        let waiting = change { state in
            if state.accounts[token.name] != nil { state.validations[token.name] = validation }
            return state.validating.removeValue(forKey: token)
        }
        waiting?.forEach { $0.resume() }
        return validation
    }

    /// Returns when the API is not being asked about a token any more.
    private func end(of token: ValidatedToken) async {
        await withCheckedContinuation { done in
            let isUnderWay = change { state in
                state.validating[token]?.append(done)
                return state.validating[token] != nil
            }
            if !isUnderWay { done.resume() }
        }
    }
}
