@testable import QuartileCore

// MARK: - When a request is about to be sent

extension Simulation {
    mutating func checkSend(
        _ flight: Flight,
        token: String,
        password: String,
        _ machine: RefreshStateMachine,
        _ account: SimulatedAccount
    ) {
        let name = flight.account
        let intent = disk.durable[name]?.stored.openIntent
        require(
            intent?.generation == flight.generation && intent?.operation == flight.operation,
            .intentFirst,
            "\(name) sends with no durable intent"
        )
        require(account.underWay == 0, .oneFlight, "\(name) has two flights under way")
        require(
            !taken.contains(name),
            .oneFlight,
            "\(name) has a flight while the user has the account"
        )
        let tries = account.tries
        let time = clock.time
        let few = tries.filter { time - $0 < .minutes(5) }.count < 12 && tries.count < 52
        require(few, .backoff, "\(name) has sent \(tries.count) requests in an hour, and goes on")
        switch flight.operation {
        case .refresh:
            let lore = account.lore(of: token)
            require(
                !lore.isOver,
                .spentTokens,
                "\(name) sends a refresh token that was refused or replaced"
            )
            require(
                !lore.isKnownSpent || lore.replays == 0,
                .spentTokens,
                "\(name) sends a spent refresh token a second time"
            )
            require(
                !lore.mayBeSpent || machine.password != .stored,
                .spentTokens,
                "\(name) sends a refresh token that may be spent though it could log in"
            )
            require(!account.isUnsaved, .spentTokens, "\(name) sends while a received set is not saved")
        case .login:
            let allowed = loginsPerHour
            // Steps of the clock that are too small to be noticed add up to no more than this.
            let hour = Milliseconds.hours(1) - .seconds(2)
            let recent = account.answeredLogins.filter { time - $0.time < hour }
            if recent.count == allowed - 1 { counts.budgetsUsedUp += 1 }
            require(
                recent.count < allowed,
                .loginBudget,
                "\(name) logs in more often than \(allowed) times an hour"
            )
            require(
                password != account.rejectedPassword,
                .loginBudget,
                "\(name) tries a rejected password again"
            )
            let refusals = account.refusals.filter { time - $0.time < .hours(1) }
            require(
                refusals.count < 3 || refusals.allSatisfy { time - $0.time >= .minutes(1) },
                .loginBudget,
                "\(name) logs in at once after \(refusals.count) refusals of unspent refresh tokens"
            )
        }
    }
}

extension Simulation {
    /// A flight is about to begin.
    mutating func checkBegin(_ name: AccountName) {
        guard let until = wait(of: name)?.until else { return }
        let now = now.boot
        require(now >= until, .retryAfter, "\(name) asks the API \((until - now).count) ms too early")
    }
}

// MARK: - When a caller gets an answer

extension Simulation {
    mutating func answered(_ id: RefreshScheduler.WaiterID, _ given: RefreshScheduler.Answer) {
        guard let caller = callers.removeValue(forKey: id) else {
            return require(false, .answers, "caller \(id) was answered twice")
        }
        counts.answers += 1
        let name = caller.account
        let answer = distort(given, to: name)
        guard case .token(let tokens, let remaining, _) = answer else {
            note("has no token for a caller", name)
            let left = scheduler[name]?.tokens.remaining(at: now) ?? 0
            return require(
                caller.isForced || left <= 0,
                .answers,
                "\(name) keeps a token with \(left.count) ms left back"
            )
        }
        counts.tokens += 1
        note("answers with generation", name, tokens.generation)
        guard let account = accounts[name],
            let grant = account.server.grant(ofAccess: tokens.set.accessToken.reveal())
        else { return require(false, .goodTokens, "\(name) serves a token that nobody issued") }
        let left = grant.expiresAt - clock.time
        let lenience = max(0, min(grant.lenience, grant.skew - clock.skew))
        require(
            remaining > 0 && left + lenience > 0,
            .goodTokens,
            "\(name) serves a token with \(remaining.count) ms left, in truth \(left.count) ms"
        )
        require(
            tokens.generation >= account.served,
            .goodTokens,
            "\(name) serves generation \(tokens.generation) after \(account.served)"
        )
        accounts[name]?.served = max(account.served, tokens.generation)
        checkDurable(tokens.generation, name, account)
    }

    private mutating func checkDurable(
        _ generation: Generation,
        _ name: AccountName,
        _ account: SimulatedAccount
    ) {
        let saved = disk.durable[name]?.stored.tokens.generation ?? 0
        require(
            generation <= saved || account.isUnsaved || account.isUnconfirmed,
            .durableFirst,
            "\(name) publishes generation \(generation), and \(saved) is durable"
        )
    }
}

// MARK: - After every step

extension Simulation {
    mutating func check() {
        if let conflict = disk.conflict { require(false, .conditions, conflict) }
        let isCalm = wakesInARow < 50
        require(isCalm, .wakes, "the scheduler is woken at the same moment again and again")
        guard isUp, !isStopping else { return }
        let next = scheduler.nextDeadline
        for name in names { check(name, next) }
        if callers.contains(where: { $0.value.deadline < now.boot }), unnoticedSince == nil {
            for (id, caller) in callers where caller.deadline < now.boot {
                require(false, .answers, "caller \(id) of \(caller.account) waits past its time")
            }
        }
    }

    private mutating func check(_ name: AccountName, _ next: BootTime?) {
        guard let account = accounts[name] else { return }
        guard let machine = scheduler[name] else { return callUser(name, account) }
        let generation = machine.tokens.generation
        require(
            generation >= account.acknowledged,
            .acknowledgedSets,
            "\(name) holds generation \(generation), and \(account.acknowledged) was acknowledged"
        )
        require(
            generation >= account.held,
            .keptSets,
            "\(name) held generation \(account.held), now \(generation)"
        )
        if generation > account.held { accounts[name]?.held = generation }
        checkDurable(generation, name, account)
        if unnoticedSince == nil, let deadline = machine.deadline(seenAt: now) {
            let latest = max(deadline, now.boot) + .seconds(1)
            require(
                next.map { $0 <= latest } ?? false,
                .wakes,
                "\(name) will not be woken in time"
            )
        }
        let state = machine.state(at: now)
        if state == .loginRequired { checkLost(name, machine, account) }
        if let by = account.recoverBy, clock.time > by { checkRecovered(name, machine, state) }
    }

    /// A person has to act: that has to be so.
    private mutating func checkLost(
        _ name: AccountName,
        _ machine: RefreshStateMachine,
        _ account: SimulatedAccount
    ) {
        let password = account.inMemory?.password?.reveal() ?? ""
        switch machine.password {
        case .stored:
            require(false, .recovery, "\(name) waits for a person though a password is stored")
        case .rejected:
            require(
                account.server.refusedPasswords.contains(password),
                .recovery,
                "\(name) waits for a person, but its password was never refused"
            )
        case .none: break
        }
        let isTaken = account.server.takes(machine.tokens.set.refreshToken.reveal(), at: clock.time)
        require(
            account.mayBeLost || !isTaken,
            .recovery,
            "\(name) waits for a person, but its refresh token is good"
        )
        callUser(name, account)
    }

    private mutating func callUser(_ name: AccountName, _ account: SimulatedAccount) {
        guard !account.isNoticed else { return }
        counts.loginRequired += 1
        note("needs its user", name)
        accounts[name]?.isNoticed = true
        agenda.add(.userNotices(name), at: clock.time + span(.minutes(1), .days(2)))
    }

    private mutating func checkRecovered(
        _ name: AccountName,
        _ machine: RefreshStateMachine,
        _ state: RefreshStateMachine.State
    ) {
        guard let account = accounts[name], state != .active else { return }
        // The machine was rightly told that its password is wrong, or knows none.
        if state == .loginRequired { return }
        if machine.password == .stored, account.inMemory?.password?.reveal() != account.server.password {
            return
        }
        require(
            false,
            .recovery,
            "\(name) is \(state) though everything works: \(machine.lastError?.failure.message ?? "")"
        )
    }
}
