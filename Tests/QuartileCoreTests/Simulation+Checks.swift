@testable import QuartileCore

// MARK: - The promises

extension Simulation {
    /// A caller got its answer.
    mutating func answered(_ id: RefreshScheduler.WaiterID, _ answer: RefreshScheduler.Answer) {
        guard let caller = callers.removeValue(forKey: id) else {
            return require(false, "caller \(id) was answered twice")
        }
        counts.answers += 1
        guard case .token(let tokens, let remaining, _) = answer else { return }
        counts.tokens += 1
        let name = caller.account
        let access = tokens.set.accessToken.reveal()
        require(remaining > 0, "\(name) got a token with \(remaining.count) ms left")
        require((servers[name]?.expiry[access] ?? 0) > time, "\(name) got an expired token")
        require(tokens.generation >= served[name] ?? 0, "\(name) got generation \(tokens.generation) after a newer one")
        served[name] = tokens.generation
        let saved = store.rows[name]?.tokens.generation ?? 0
        require(
            tokens.generation <= saved || unsaved.contains(name),
            "\(name) got generation \(tokens.generation), saved is \(saved)"
        )
    }

    /// A request is about to be sent.
    mutating func checkSend(_ flight: Flight) {
        let name = flight.account
        let intent = store.rows[name]?.openIntent
        require(
            intent?.generation == flight.generation && intent?.operation == flight.operation,
            "\(name) sends with no durable intent"
        )
        let others = pending.filter { item in
            switch item {
            case .request(let other, _, _), .response(let other, _, _):
                other.account == name && other.incarnation == flight.incarnation
            case .commit, .userLogin: false
            }
        }
        require(others.isEmpty, "\(name) has two flights under way")
        guard flight.operation == .refresh, let machine = scheduler[name] else { return }
        let token = machine.tokens.set.refreshToken.reveal()
        require(!knownRefused.contains(token), "\(name) sends a refused refresh token")
        require(
            !knownSpent.contains(token) || replays[token, default: 0] < 1,
            "\(name) sends a spent refresh token a second time"
        )
        require(!unsaved.contains(name), "\(name) sends while a received set is not saved")
    }

    /// What must hold after every step.
    mutating func check() {
        let conflict = store.conflict
        require(conflict == nil, "a change did not fit: \(conflict ?? "")")
        for name in scheduler.accounts {
            guard let machine = scheduler[name] else { continue }
            let saved = store.rows[name]?.tokens.generation ?? 0
            require(
                machine.tokens.generation <= saved || unsaved.contains(name),
                "\(name) holds generation \(machine.tokens.generation), saved is \(saved)"
            )
            if let deadline = machine.deadline(seenAt: now), skewIsNoticed {
                let next = scheduler.nextDeadline
                require(next.map { $0 <= deadline + .seconds(1) } ?? false, "\(name) will not be woken in time")
            }
            guard machine.state(at: now) == .loginRequired else { continue }
            counts.loginRequired += 1
            require(machine.password != .stored, "\(name) waits for a person with a password stored")
            if machine.password == .rejected {
                let password = store.rows[name]?.account.password?.reveal() ?? ""
                require(
                    servers[name]?.refusedPasswords.contains(password) == true,
                    "\(name)'s password was never refused"
                )
            }
        }
        for (id, caller) in callers where caller.deadline < now.boot {
            require(false, "caller \(id) of \(caller.account) waits past its time")
        }
    }

    /// A step of the clock that nobody told the scheduler of is seen at its next look.
    private var skewIsNoticed: Bool { skew == 0 && !clockWasWrong }
}

// MARK: - Ends and beginnings

extension Simulation {
    /// The process ends here and now, and another begins; sometimes after a boot.
    mutating func crash() {
        counts.crashes += 1
        let lost = pending
        pending = []
        callers = [:]
        var writing = true
        for item in lost {
            switch item {
            case .commit(let change, _):
                // What was queued is written up to some point, and nothing after it.
                writing = writing && !chance(2)
                if writing { _ = store.commit(change, storeIsDown ? .fails : .works) }
            case .request(let flight, let presented, let sent):
                if chance(2) { _ = act(flight, presented: presented, sent: sent) }
            case .response, .userLogin: break
            }
        }
        for name in scheduler.accounts {
            let saved = store.rows[name]?.tokens.generation ?? 0
            let newest = served[name] ?? 0
            require(saved >= newest || unsaved.contains(name), "\(name) lost generation \(newest)")
            if unsaved.contains(name) { served[name] = saved }
        }
        unsaved = []
        (knownRefused, knownSpent) = (store.refused, store.spent)
        if chance(2), !clockWasWrong {
            time = time + span(5000...100_000_000)
            bootedAt = time - .seconds(5)
            store.reboot(at: now)
        }
        start()
    }

    private mutating func start() {
        scheduler = RefreshScheduler(policy: RefreshPolicy(margin: .minutes(10)), loginsPerHour: 12)
        for stored in store.load(at: now) { take(scheduler.restore(stored, now: now, using: &random)) }
        for name in servers.keys.sorted() where scheduler[name] == nil { pending.append(.userLogin(name)) }
    }

    /// Store and network work from here on: within three hours every account is well or rightly waits for a person.
    mutating func heal() {
        (storeIsDown, networkIsDown, isCalm) = (false, false, true)
        let end = time + .hours(3)
        while time < end, broken == nil {
            // What is pending goes on; when nothing is, time does.
            for _ in 0..<200 where !pending.isEmpty { proceed() }
            let longest = Milliseconds.minutes(1)
            pass(scheduler.nextDeadline.map { max(1, min($0 - now.boot, longest)) } ?? longest)
            check()
        }
        let waiting = callers.count
        require(waiting == 0, "\(waiting) callers still wait")
        for name in scheduler.accounts {
            guard let machine = scheduler[name], let row = store.rows[name] else { continue }
            let password = row.account.password?.reveal()
            guard password != nil, password == servers[name]?.password else { continue }
            let state = machine.state(at: now)
            require(state != .loginRequired, "\(name) lost its login")
            require(state == .active || machine.isInFlight, "\(name) is \(state) though everything works")
        }
    }
}
