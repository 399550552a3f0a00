import Logging
package import QuartileCore

/// What a user gives to log in.
package struct Login: Sendable {
    package var account: AccountName
    package var username: String
    package var password: Secret
    /// Nil keeps the key of an account that is there already.
    package var subscriptionKey: Secret?
    package var apiVersion: APIVersion?
    package var baseURL: String?
    package var remember: Bool
    /// Make no call upstream where the account has all of this already and is well.
    package var ifChanged: Bool
}

/// What a user gives to import a token set.
package struct Import: Sendable {
    package var account: AccountName
    package var tokenSet: Secret
    package var subscriptionKey: Secret
    package var apiVersion: APIVersion?
    package var baseURL: String?
}

/// What a user may change of an account. Nil leaves a thing as it is.
package struct Update: Sendable {
    package var account: AccountName
    package var subscriptionKey: Secret?
    package var username: String?
    package var password: Secret?
}

extension TokenManager {
    /// Logs in, once. Where that fails, nothing is stored and an account that was there stays as it was.
    package func logIn(_ login: Login) async throws(RequestFailure) -> AccountStatus {
        try await withAccountTaken(login.account) { existing throws(RequestFailure) in
            var account = try self.account(
                login.account,
                username: login.username,
                key: login.subscriptionKey,
                apiVersion: login.apiVersion,
                baseURL: login.baseURL,
                over: existing
            )
            account.password = login.remember ? login.password : nil
            guard account.apiVersion.hasLogin else {
                let version = account.apiVersion.rawValue
                throw .invalid(parameter: "api_version", "\(version) has no login, only import_tokens")
            }
            if login.ifChanged, let existing, existing.hasSameCredentials(as: account), self.isWell(login.account) {
                return
            }
            switch await self.api.login(account, username: login.username, password: login.password) {
            case .received(let set, let sent):
                let password: PasswordState = account.password == nil ? .none : .stored
                try await self.store(account, set, at: sent, password: password, event: .loginByUser)
            case .notSent(var failure), .turnedAway(var failure), .refused(var failure),
                .passwordRejected(var failure):
                // What was given just now is wrong, and nothing of it was stored that an update could mend.
                failure.remedy = nil
                self.heed(failure, of: account)
                throw .failed(failure, retryAt: failure.retryAfter.map { self.clock.now().wall + $0 })
            case .ambiguous(let failure, _):
                self.heed(failure, of: account)
                throw .failed(failure, retryAt: nil)
            }
        }
    }

    /// Imports a token set. Makes no call upstream.
    package func importTokens(_ given: Import) async throws(RequestFailure) -> AccountStatus {
        try await withAccountTaken(given.account) { existing throws(RequestFailure) in
            let account = try self.account(
                given.account,
                username: existing?.username,
                key: given.subscriptionKey,
                apiVersion: given.apiVersion,
                baseURL: given.baseURL,
                over: existing
            )
            let now = self.clock.now()
            switch self.api.readTokenSet(given.tokenSet, sent: nil, now: now) {
            case .failure(let failure): throw .invalid(parameter: "token_set", "is refused: \(failure.message)")
            case .success(let set):
                // An import says nothing of a password: one that was refused stays so.
                let known = self.inspect { $0.scheduler[given.account]?.password } ?? .none
                let password: PasswordState = account.password == nil ? .none : known
                try await self.store(account, set, at: nil, password: password, event: .importByUser)
            }
        }
    }

    /// Gives an account a new key, username or password. Tokens and generation stay; what failed is tried again.
    package func update(_ update: Update) async throws(RequestFailure) -> AccountStatus {
        try await withAccountTaken(update.account) { existing throws(RequestFailure) in
            guard var account = existing else { throw self.absent(update.account) }
            if let key = update.subscriptionKey { account.subscriptionKey = key }
            if let username = update.username { account.username = username }
            if let password = update.password {
                guard account.username != nil else {
                    throw .invalid(parameter: "username", "is missing: the account was imported and has none yet")
                }
                guard account.apiVersion.hasLogin else {
                    throw .invalid(parameter: "password", "is of no use: \(account.apiVersion.rawValue) has no login")
                }
                account.password = password
            }
            let known = self.inspect { $0.scheduler[update.account]?.password } ?? .none
            let password: PasswordState =
                update.password != nil || (update.username != nil && account.password != nil) ? .stored : known
            let entry = HistoryEntry(at: self.clock.now().wall, event: .updateByUser, result: .stored)
            try await self.commit(.updateAccount(account, password, entry))
            self.transition { [account] state, now in
                state.accounts[account.name] = account
                return ((), state.scheduler.credentialsChanged(account, password: password, now: now))
            }
        }
    }

    /// Removes an account: nothing of it is left in memory or in the store.
    package func logOut(_ name: AccountName) async throws(RequestFailure) {
        try await take(name)
        defer { letGo(name) }
        guard inspect({ $0.accounts[name] != nil || $0.damaged.contains(name) }) else {
            throw .unknownAccount(name)
        }
        try await commit(.removeAccount(name))
        transition { state, _ in
            state.accounts[name] = nil
            state.damaged.remove(name)
            state.validations[name] = nil
            return ((), state.scheduler.remove(name))
        }
    }
}

// MARK: - Parts

extension TokenManager {
    /// The account that a login or import makes. Over an existing one, what is not named stays: its host above all, so
    /// that its credentials go to no other because of a default.
    private func account(
        _ name: AccountName,
        username: String?,
        key: Secret?,
        apiVersion: APIVersion?,
        baseURL: String?,
        over existing: Account?
    ) throws(RequestFailure) -> Account {
        let baseURL = baseURL ?? existing?.baseURL ?? defaults.baseURL
        let apiVersion = apiVersion ?? existing?.apiVersion ?? defaults.apiVersion
        let keptKey = existing?.baseURL == baseURL ? existing?.subscriptionKey : nil
        guard let key = key ?? keptKey else {
            throw .invalid(
                parameter: "subscription_key",
                "is missing: it is needed unless the account is there already and keeps its base_url"
            )
        }
        return Account(
            name: name,
            apiVersion: apiVersion,
            baseURL: baseURL,
            username: username,
            subscriptionKey: key,
            password: existing?.baseURL == baseURL && apiVersion.hasLogin ? existing?.password : nil
        )
    }

    /// What the API asked of a subscription key holds for all that is done with it.
    func heed(_ failure: Failure, of account: Account) {
        guard let span = failure.retryAfter else { return }
        transition { state, now in
            ((), state.scheduler.stayAway(account, for: span, now: now, using: &state.random))
        }
    }

    private func isWell(_ name: AccountName) -> Bool {
        let now = clock.now()
        // Held by this very login, the account shows the state it had before.
        return inspect { $0.scheduler[name]?.state(at: now) } == .active
    }

    /// Makes an account with a new set durable, then serves it.
    private func store(
        _ account: Account,
        _ set: TokenSet,
        at sent: Moment?,
        password: PasswordState,
        event: HistoryEntry.Event
    ) async throws(RequestFailure) {
        let now = clock.now()
        let generation = (inspect { $0.scheduler[account.name]?.tokens.generation } ?? 0) + 1
        let tokens: IssuedTokens =
            if let sent {
                IssuedTokens(set, generation: generation, sent: sent)
            } else {
                IssuedTokens(set, generation: generation, loaded: now)
            }
        let entry = HistoryEntry(at: now.wall, event: event, result: sent == nil ? .stored : .received)
        try await commit(.putAccount(account, password, tokens, entry))
        transition { state, now in
            state.accounts[account.name] = account
            state.validations[account.name] = nil
            let effects = state.scheduler.replace(
                account,
                tokens: tokens,
                password: password,
                now: now,
                using: &state.random
            )
            return ((), effects)
        }
        log.info("account stored", metadata: ["account": "\(account.name)", "generation": "\(generation)"])
    }

    private func commit(_ change: StoreChange) async throws(RequestFailure) {
        do throws(StoreError) {
            try await commits.commit(change)
        } catch {
            throw .failed(
                Failure(.storageFailed, "nothing was changed: \(error.sentence)"),
                retryAt: nil
            )
        }
    }

    /// Does `body` while no flight of the account begins, and no other login, import, update or logout of it.
    private func withAccountTaken(
        _ name: AccountName,
        _ body: (Account?) async throws(RequestFailure) -> Void
    ) async throws(RequestFailure) -> AccountStatus {
        try await take(name)
        defer { letGo(name) }
        let (account, isDamaged) = inspect { ($0.accounts[name], $0.damaged.contains(name)) }
        if isDamaged { throw absent(name) }
        try await body(account)
        return try status(of: name)
    }

    private enum Taking { case taken, waiting, failing, stopping }

    /// Waits until the account is free, and takes it.
    private func take(_ name: AccountName) async throws(RequestFailure) {
        while true {
            var taking = Taking.waiting
            await withCheckedContinuation { (turn: CheckedContinuation<Void, Never>) in
                taking = change { state in
                    if state.stopAnnounced != nil { return .stopping }
                    if state.scheduler[name]?.isUncommitted == true { return .failing }
                    if !state.taken.contains(name), state.scheduler.hold(name) {
                        state.taken.insert(name)
                        return .taken
                    }
                    state.gate[name, default: []].append(turn)
                    return .waiting
                }
                switch taking {
                case .waiting: break
                case .taken, .failing, .stopping: turn.resume()
                }
            }
            switch taking {
            case .taken: return
            case .waiting: continue
            case .stopping: throw .stopping
            case .failing:
                if let error = inspect({ $0.scheduler[name]?.lastError }) { throw RequestFailure(error) }
            }
        }
    }

    private func letGo(_ name: AccountName) {
        transition { state, now in
            state.taken.remove(name)
            var effects = state.scheduler.release(name, now: now)
            effects.freed.append(name)
            return ((), effects)
        }
    }
}

extension Account {
    /// Whether a login with `other` would bring nothing new.
    fileprivate func hasSameCredentials(as other: Account) -> Bool {
        baseURL == other.baseURL && apiVersion == other.apiVersion && username == other.username
            && subscriptionKey == other.subscriptionKey && password == other.password
    }
}
