@testable import QuartileCore

/// Something that the user has the daemon do.
struct UserAct {
    enum Wish {
        case logIn(remember: Bool, password: String)
        case importSet
        case newPassword
        case newKey
        case logOut
    }

    let name: AccountName
    let wish: Wish
    /// When its request was sent, and how wrong the wall clock was.
    var sent: Moment?
    var skew = Milliseconds(0)
    /// The account as it is to be, with its set, where it gets a new one.
    var account: Account?
    var tokens: IssuedTokens?
    var password = PasswordState.none
}

// MARK: - Users

extension Simulation {
    mutating func begin(_ act: UserAct) {
        let name = act.name
        guard isUp, !isStopping else { return }
        if scheduler[name]?.isUncommitted == true {
            return agenda.add(.userBegins(act), at: clock.time + .minutes(10))
        }
        guard !taken.contains(name), sabotage == .ignoresHold || scheduler.hold(name) else {
            return agenda.add(.userBegins(act), at: clock.time + .seconds(1))
        }
        taken.insert(name)
        var act = act
        act.account = accounts[name]?.inMemory
        act.password = scheduler[name]?.password ?? .none
        act.sent = now
        act.skew = clock.skew
        switch act.wish {
        case .logIn:
            note("user logs in", name)
            agenda.add(.userRequestArrives(act), at: clock.time + latency)
        case .importSet: importSet(act)
        case .newPassword, .newKey: update(act)
        case .logOut:
            note("user logs out", name)
            guard act.account != nil else { return letGo(name) }
            enqueue(.removeAccount(name), from: .user(act))
        }
    }

    mutating func arrive(_ act: UserAct) {
        guard case .logIn(_, let password) = act.wish else { return }
        serial += 1
        let lives = lives
        let reaches = !weather.networkIsDown && !(weather.isStorm && chance(4))
        var answer =
            reaches
            ? accounts[act.name]?.server.logIn(password, lives, at: clock.time, serial: serial) : nil
        if weather.isStorm, chance(4) { answer = nil }
        agenda.add(.userAnswerArrives(act, answer), at: clock.time + latency)
    }

    mutating func deliver(_ act: UserAct, _ answer: SimulationServer.Answer?) {
        let name = act.name
        guard case .logIn(let remembers, let password) = act.wish, case .issued(let grant)? = answer,
            let sent = act.sent
        else { return letGo(name) }
        var act = act
        accounts[name]?.server.note(ofAccess: grant.access) { $0.skew = act.skew }
        act.account = act.account ?? newAccount(name)
        act.account?.username = "ada@example.com"
        act.account?.password = remembers ? Secret(password) : nil
        act.password = remembers ? .stored : .none
        let tokens = IssuedTokens(
            TokenSet(grant, issuedAt: sent.wall),
            generation: (scheduler[name]?.tokens.generation ?? 0) + 1,
            sent: sent
        )
        put(act, tokens, .loginByUser)
    }

    private mutating func importSet(_ act: UserAct) {
        let name = act.name
        note("user imports a set", name)
        serial += 1
        var act = act
        let age = span(.seconds(1), .minutes(30))
        let lives = SimulationServer.Lives(access: .hours(12), refresh: .days(14))
        guard
            let grant = accounts[name]?.server.issueByHand(lives, at: clock.time - age, serial: serial)
        else { return }
        accounts[name]?.server.note(ofAccess: grant.access) { [clock] in
            $0.lenience = max(0, clock.skew * -1)
        }
        act.account = act.account ?? newAccount(name)
        if act.account?.password == nil { act.password = .none }
        let tokens = IssuedTokens(
            TokenSet(grant, issuedAt: SimulationClock.wall(at: grant.issuedAt)),
            generation: (scheduler[name]?.tokens.generation ?? 0) + 1,
            loaded: now
        )
        put(act, tokens, .importByUser)
    }

    /// Two accounts a subscription key.
    private func newAccount(_ name: AccountName) -> Account {
        var account = Account.made(name, password: false)
        account.subscriptionKey = Secret(name < names[2] ? "key-a" : "key-b")
        return account
    }

    private mutating func put(_ act: UserAct, _ tokens: IssuedTokens, _ event: HistoryEntry.Event) {
        guard let account = act.account else { return letGo(act.name) }
        var act = act
        act.tokens = tokens
        let entry = HistoryEntry(at: now.wall, event: event, result: .received)
        enqueue(.putAccount(account, act.password, tokens, entry), from: .user(act))
    }

    private mutating func update(_ act: UserAct) {
        guard var account = act.account else { return letGo(act.name) }
        var act = act
        if case .newPassword = act.wish {
            guard account.password != nil else { return letGo(act.name) }
            note("user gives a new password", act.name)
            account.password = Secret(changePassword(act.name))
            act.password = .stored
        } else {
            note("user gives a new key", act.name)
            serial += 1
            account.subscriptionKey = Secret("key-\(serial)")
        }
        act.account = account
        let entry = HistoryEntry(at: now.wall, event: .updateByUser, result: .stored)
        enqueue(.updateAccount(account, act.password, entry), from: .user(act))
    }

    /// The password is changed at the API.
    mutating func changePassword(_ name: AccountName) -> String {
        serial += 1
        let password = "password-\(serial)"
        accounts[name]?.server.password = password
        return password
    }

    /// The change of a user's act is durable, or is not.
    mutating func finish(_ act: UserAct, _ failure: Failure?) {
        let name = act.name
        // What is found written although its commit failed is what the next start would go by, so it holds from now on.
        let isWritten =
            failure == nil || (isFound(act) && !(sabotage == .trustsFailedCommits && act.tokens != nil))
        if failure != nil, isWritten { note("finds written what failed", name) }
        guard isWritten, var account = accounts[name] else { return letGo(name) }
        switch act.wish {
        case .logOut:
            account.forget()
            accounts[name] = account
            take(scheduler.remove(name))
        case .newPassword, .newKey:
            guard let updated = act.account else { return letGo(name) }
            account.inMemory = updated
            if case .newPassword = act.wish { account.rejectedPassword = nil }
            accounts[name] = account
            take(scheduler.credentialsChanged(updated, password: act.password, now: now))
        case .logIn, .importSet:
            guard let tokens = act.tokens, let stored = act.account else { return letGo(name) }
            account.inMemory = act.account
            if act.password == .stored { account.rejectedPassword = nil }
            if failure == nil {
                account.acknowledged = tokens.generation
            } else {
                account.isUnconfirmed = true
            }
            account.isUnsaved = false
            // What is not durable for certain may give way to what was there before.
            if failure == nil { account.mayBeLost = false }
            accounts[name] = account
            note("has generation", name, tokens.generation)
            take(
                scheduler.replace(stored, tokens: tokens, password: act.password, now: now, using: &random)
            )
        }
        letGo(name)
    }

    private func isFound(_ act: UserAct) -> Bool {
        guard let row = disk.rows[act.name]?.stored else {
            if case .logOut = act.wish { return true }
            return false
        }
        if let tokens = act.tokens { return row.tokens == tokens }
        return row.account.password == act.account?.password && row.password == act.password
    }

    private mutating func letGo(_ name: AccountName) {
        let keys = Set(names.compactMap { accounts[$0]?.inMemory?.subscriptionKey })
        waits = waits.filter { keys.contains($0.key) }
        taken.remove(name)
        accounts[name]?.tries = []
        take(scheduler.release(name, now: now))
        disturb(name)
    }

    /// An account is missing, or waits for a login: the user sees to it.
    mutating func notice(_ name: AccountName) {
        accounts[name]?.isNoticed = false
        guard isUp, !isStopping else { return }
        guard scheduler[name]?.state(at: now) ?? .loginRequired == .loginRequired else { return }
        let remembers = name != names.last
        let wish: UserAct.Wish =
            !remembers && chance(2)
            ? .importSet
            : .logIn(remember: remembers && !chance(8), password: accounts[name]?.server.password ?? "")
        begin(UserAct(name: name, wish: wish))
    }

    /// A user comes with a wish of any kind.
    mutating func wish() {
        let name = pick(names)
        let password = accounts[name]?.server.password ?? ""
        let wish: UserAct.Wish =
            switch random.next() % 10 {
            case 0, 1: .logIn(remember: name != names.last && !chance(4), password: password)
            case 2: .logIn(remember: true, password: "wrong")
            case 3: .importSet
            case 4, 5: .newPassword
            case 6, 7: .newKey
            default: .logOut
            }
        begin(UserAct(name: name, wish: wish))
    }
}
