@testable import QuartileCore

// MARK: - What can happen

extension Simulation {
    mutating func step() {
        switch Int.random(in: 0..<200, using: &random) {
        case 0..<110: proceed()
        case 110..<135: passTime(untilNextDeadline: true)
        case 135..<147: passTime(untilNextDeadline: false)
        case 147..<175: call()
        case 175..<183: force()
        case 183..<185: setClock()
        case 185: crash()
        case 186: pass(.hours(13))
        case 187: storeIsDown = true
        case 188: networkIsDown = true
        case 189..<192: beginLogin()
        case 192: changePassword()
        case 193: logOut()
        case 194: if chance(3) { servers[account()]?.revokeAll() }
        default: (storeIsDown, networkIsDown) = (false, false)
        }
    }

    private mutating func account() -> AccountName { pick(servers.keys.sorted()) }

    // MARK: Time

    private mutating func passTime(untilNextDeadline: Bool) {
        guard untilNextDeadline, let next = scheduler.nextDeadline else { return pass(span(1...60_000)) }
        pass(max(0, next - now.boot))
    }

    /// Lets true time pass and wakes the scheduler once, as after a sleep of the machine.
    mutating func pass(_ span: Milliseconds) {
        time = time + span
        take(scheduler.wake(now: now))
    }

    private mutating func setClock() {
        skew = pick([0, .hours(1), .hours(-1), .tenYears, .tenYears * -1, Milliseconds(400)])
        clockWasWrong = clockWasWrong || skew != 0
        // Where the kernel does not tell, the look once a minute does.
        if !chance(3) { take(scheduler.wake(now: now)) }
    }

    // MARK: Callers

    private mutating func call() {
        let name = account()
        for _ in 0..<(chance(30) ? 100 : 1) {
            lastCaller += 1
            let minValid: Milliseconds? = chance(2) ? nil : span(0...50_000_000)
            let deadline = now.boot + span(0...30_000)
            callers[lastCaller] = Caller(account: name, deadline: deadline)
            let (answer, effects) = scheduler.getToken(
                name,
                minValid: minValid,
                waiter: lastCaller,
                deadline: deadline,
                now: now
            )
            if let answer { answered(lastCaller, answer) }
            take(effects)
        }
    }

    private mutating func force() {
        let name = account()
        lastCaller += 1
        let deadline = now.boot + .minutes(10)
        callers[lastCaller] = Caller(account: name, deadline: deadline)
        let (answer, effects) = scheduler.refresh(name, waiter: lastCaller, deadline: deadline, now: now)
        if let answer { answered(lastCaller, answer) }
        take(effects)
    }

    // MARK: The user

    /// Mostly where it is needed.
    private mutating func beginLogin() {
        let stuck = servers.keys.sorted().filter { scheduler[$0]?.state(at: now) ?? .loginRequired == .loginRequired }
        if stuck.isEmpty, !chance(4) { return }
        let name = stuck.isEmpty || chance(4) ? account() : pick(stuck)
        if !isTaken(name), scheduler.hold(name) { pending.append(.userLogin(name)) }
    }

    /// The daemon lets one login at a time have an account.
    private func isTaken(_ name: AccountName) -> Bool {
        pending.contains { if case .userLogin(name) = $0 { true } else { false } }
    }

    /// The user's own login, in one step.
    mutating func logInByUser(_ name: AccountName, remember: Bool, mayFail: Bool) {
        serial += 1
        let password = servers[name]?.password ?? ""
        let answer = servers[name]?.logIn(password, life: .hours(12), at: time, serial: serial)
        guard case .issued(let grant)? = answer, !mayFail || !chance(4) else {
            return take(scheduler.release(name, now: now))
        }
        var account = Account.made(name)
        account.password = remember ? Secret(password) : nil
        let generation = (scheduler[name]?.tokens.generation ?? 0) + 1
        let tokens = IssuedTokens(set(grant, sent: now.wall), generation: generation, sent: now)
        let state: PasswordState = remember ? .stored : .none
        let entry = HistoryEntry(at: now.wall, event: .loginByUser, result: .received)
        guard store.commit(.putAccount(account, state, tokens, entry), mayFail && storeIsDown ? .fails : .works) == nil
        else {
            return take(scheduler.release(name, now: now))
        }
        take(scheduler.replace(account, tokens: tokens, password: state, now: now, using: &random))
    }

    /// The password is changed at the API; the user mostly tells the daemon as well.
    private mutating func changePassword() {
        let name = account()
        let password = "password-\(serial)"
        if chance(4) { servers[name]?.password = password }
        guard !storeIsDown, var account = store.rows[name]?.account, account.password != nil else { return }
        guard !isTaken(name), scheduler.hold(name) else { return }
        servers[name]?.password = password
        account.password = Secret(password)
        let entry = HistoryEntry(at: now.wall, event: .updateByUser, result: .stored)
        _ = store.commit(.updateAccount(account, .stored, entry), .works)
        take(scheduler.credentialsChanged(account, password: .stored, now: now))
    }

    /// The account goes, in mid-flight too, and comes again by a login.
    private mutating func logOut() {
        let name = account()
        guard chance(2), !storeIsDown else { return }
        pending.removeAll { item in
            switch item {
            case .commit(let change, _): change.account == name
            case .userLogin(let other): other == name
            case .request, .response: false
            }
        }
        _ = store.commit(.removeAccount(name), .works)
        take(scheduler.remove(name))
        served[name] = nil
        unsaved.remove(name)
        pending.append(.userLogin(name))
    }
}
