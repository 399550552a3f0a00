@testable import QuartileCore

// MARK: - What the scheduler asks for, and what comes of it

extension Simulation {
    /// Does what the scheduler returned, as the daemon would.
    mutating func take(_ effects: RefreshScheduler.Effects) {
        for (id, answer) in effects.answers {
            answered(id, answer)
            if sabotage == .answersTwice { answered(id, answer) }
        }
        for action in effects.actions {
            switch action {
            case .none: break
            case .commit(let change, let flight):
                if case .openIntent(let name, _, _, _) = change { checkBegin(name) }
                enqueue(change, from: .flight(flight))
                if sabotage == .publishesBeforeCommit, case .saveTokens = change {
                    take(scheduler.committed(flight, failure: nil, now: now, using: &random))
                }
            case .send(let flight):
                send(flight)
                if sabotage == .sendsTwice { send(flight) }
            }
        }
    }

    /// A look at the clocks.
    mutating func look() {
        guard isUp else { return }
        unnoticedSince = nil
        guard isStopping else {
            let seen = sabotage == .seesAnEarlierTime ? now + .seconds(-1) : now
            return take(scheduler.wake(now: seen))
        }
        // What is under way ends, what was received is saved, and nothing begins.
        take(scheduler.retryUncommitted(now: now))
        agenda.add(.look, at: clock.time + .seconds(1) / 2)
    }

    /// The daemon is told to end.
    mutating func stop() {
        guard isUp, !isStopping else { return }
        note("the daemon is stopped")
        isStopping = true
        agenda.add(.daemonStops, at: clock.time + .seconds(10))
        look()
    }

    /// A saboteur asks for a refresh that nobody wants.
    private mutating func forceUnseen(_ name: AccountName) -> RefreshScheduler.Effects {
        lastCaller += 1
        callers[lastCaller] = Caller(account: name, deadline: now.boot, isForced: true)
        let (answer, effects) = scheduler.refresh(name, waiter: lastCaller, deadline: now.boot, now: now)
        if let answer { answered(lastCaller, answer) }
        return effects
    }

    // MARK: Requests

    private mutating func send(_ flight: Flight) {
        let name = flight.account
        guard let machine = scheduler[name], var account = accounts[name] else { return }
        let token = presented(machine, account)
        let password = account.inMemory?.password?.reveal() ?? ""
        note(
            flight.operation == .refresh ? "sends a refresh of generation" : "sends a login over",
            name,
            flight.generation
        )
        checkSend(flight, token: token, password: password, machine, account)
        counts.requests += 1
        account.tries.removeAll { [clock] in clock.time - $0 >= .hours(1) }
        account.tries.append(clock.time)
        if flight.operation == .login { counts.logins += 1 }
        account.underWay += 1
        let before = account.lore(of: token)
        if flight.operation == .refresh {
            var lore = before
            lore.mayBeSpent = true
            if lore.isKnownSpent { lore.replays += 1 }
            account.keep(lore)
        }
        accounts[name] = account
        let request = Request(
            process: process,
            flight: flight,
            refreshToken: token,
            password: password,
            before: before,
            sent: now,
            time: clock.time,
            skew: clock.skew,
            isFromStorm: weather.isStorm
        )
        agenda.add(.requestArrives(request), at: clock.time + latency)
    }

    /// The answer to a request has come.
    mutating func deliver(_ request: Request, _ outcome: Outcome) {
        let name = request.flight.account
        accounts[name]?.underWay -= 1
        if scheduler[name]?.flight == request.flight { learn(outcome, from: request) }
        let told = distort(outcome, of: request.flight.operation)
        take(scheduler.answered(request.flight, told, now: now, using: &random))
        // A token that was revoked long ago may be found out only now. It is refused once.
        if request.isFromStorm || outcome.isRefusal { disturb(name) }
    }

    var stamp: SimulatedAccount.Stamp { .init(time: clock.time, written: now.wall) }

    /// What the daemon knows from here on.
    private mutating func learn(_ outcome: Outcome, from request: Request) {
        let name = request.flight.account
        guard var account = accounts[name] else { return }
        var lore = account.lore(of: request.refreshToken)
        let stamp = SimulatedAccount.Stamp(time: request.time, written: request.sent.wall)
        var isAnswer = true
        var wait: Milliseconds?
        switch outcome {
        case .received(let set, _):
            note("gets a set that lives, in seconds,", name, set.life.count / 1000)
            counts.sets += 1
            lore.isOver = true
            // Somebody always comes at the worst moment.
            if chance(4) {
                let end = request.time + set.life
                agenda.add(.callerComes(name), at: max(clock.time, end + span(1, .seconds(4)) - .seconds(2)))
            }
            account.tries = []
        case .notSent:
            note("can't reach the API", name)
            account.tries.removeAll { $0 == request.time }
            isAnswer = false
            lore = request.before
        case .turnedAway(let failure):
            note("is turned away; wait:", name, failure.retryAfter?.count)
            isAnswer = false
            lore = request.before
            wait = failure.retryAfter
        case .refused:
            note("is refused", name)
            counts.refusals += 1
            lore.isOver = true
            account.tries = []
            // One that ran out by the daemon's clock is no surprise.
            let end = scheduler[name]?.tokens.set.refreshExpiresAt ?? now.wall + .hours(1)
            if request.flight.operation == .refresh, !request.before.mayBeSpent, end > now.wall {
                account.countRefusal(self.stamp)
            }
        case .passwordRejected:
            note("has its password rejected", name)
            account.rejectedPassword = request.password
        case .ambiguous(let failure, let unread):
            note(
                unread == nil ? "gets no sound answer; wait:" : "gets a set that can't be read",
                name,
                failure.retryAfter?.count
            )
            isAnswer = unread != nil
            if unread != nil, !lore.isKnownSpent { (lore.isKnownSpent, lore.replays) = (true, 0) }
            wait = failure.retryAfter
        }
        switch request.flight.operation {
        case .refresh: account.keep(lore)
        case .login: if isAnswer { account.countLogin(stamp, wasAnswered: true) }
        }
        accounts[name] = account
        if let wait, let key = account.inMemory?.subscriptionKey { heed(wait, key) }
    }

    /// Every account of the subscription key has to stay away.
    mutating func heed(_ span: Milliseconds, _ key: Secret) {
        let wait = waits[key] ?? Wait(until: now.boot, returnsBy: now.boot)
        waits[key] = Wait(
            until: max(wait.until, now.boot + span),
            returnsBy: max(wait.returnsBy, now.boot + span * 1.1)
        )
        for name in names { disturb(name) }
    }

    /// What the API asked of an account's subscription key. It is forgotten with the last account that has the key.
    func wait(of name: AccountName) -> Wait? {
        accounts[name]?.inMemory.flatMap { waits[$0.subscriptionKey] }
    }

    // MARK: The disk

    mutating func enqueue(_ change: StoreChange, from origin: QueuedChange.Origin) {
        queue.append(QueuedChange(change: change, origin: origin))
        if case .removeAccount(let name) = change { accounts[name]?.isLeaving = true }
        if queue.count == 1 { agenda.add(.diskIsDone, at: clock.time + diskTime) }
    }

    /// The first change in the queue is written, or has failed.
    mutating func finishWriting() {
        guard !queue.isEmpty else { return }
        let item = queue.removeFirst()
        let fate = diskFate
        var failure = disk.commit(item.change, boot: clock.boot, fate)
        if !queue.isEmpty { agenda.add(.diskIsDone, at: clock.time + diskTime) }
        if failure != nil {
            counts.failedCommits += 1
            note("can't commit: the disk \(fate)", item.change.account)
        }
        switch item.origin {
        case .user(let act): finish(act, failure)
        case .flight(let flight):
            failure = distort(failure, of: item.change, fate)
            settle(item.change, failure)
            take(scheduler.committed(flight, failure: failure, now: now, using: &random))
            if sabotage == .triesWithoutPause, case .recordFailure(let name, _, _, _, _, _, _) = item.change {
                take(forceUnseen(name))
            }
            if sabotage == .dropsUnsavedSet, fate == .fails,
                case .saveTokens(let name, _, _) = item.change
            {
                startAnew(name)
            }
        }
    }

    /// What a commit of a flight means for what was promised.
    private mutating func settle(_ change: StoreChange, _ failure: Failure?) {
        guard case .saveTokens(let name, let tokens, _) = change, var account = accounts[name] else {
            return
        }
        if failure == nil {
            note("has saved generation", name, tokens.generation)
            account.acknowledged = tokens.generation
            (account.isUnsaved, account.mayBeLost) = (false, false)
        } else {
            account.isUnsaved = true
        }
        accounts[name] = account
    }
}

extension Outcome {
    fileprivate var isRefusal: Bool {
        switch self {
        case .refused, .passwordRejected: true
        case .received, .notSent, .turnedAway, .ambiguous: false
        }
    }
}
