@testable import QuartileCore

// MARK: - Ends and beginnings

extension Simulation {
    /// The process ends here and now, in a boot that goes on or with the power. Another begins after a while.
    mutating func crash(losesPower: Bool, for absence: Milliseconds) {
        guard isUp else { return }
        counts.crashes += 1
        note(losesPower ? "the power is lost" : "the process is killed")
        (isUp, isStopping) = (false, false)
        process += 1
        if let writing = queue.first {
            let fate: SimulationDisk.Fate =
                weather.diskIsFull ? .fails : pick([.fails, .failsUnsynced, .failsSynced])
            _ = disk.commit(writing.change, boot: clock.boot, fate)
        }
        if losesPower { disk.losePower(using: &random) }
        (queue, taken, callers, waits, unnoticedSince) = ([], [], [:], [:], nil)
        for name in names { survive(name) }
        agenda.keep { what in
            switch what {
            case .requestArrives, .daemonStarts, .weatherTurns, .gust, .breeze, .clockIsSet, .userNotices,
                .callerComes:
                true
            case .diskIsDone, .answerArrives, .look, .daemonStops, .userBegins, .userRequestArrives, .userAnswerArrives:
                false
            }
        }
        agenda.add(.daemonStarts(reboots: losesPower), at: clock.time + absence)
    }

    /// What is left of an account.
    private mutating func survive(_ name: AccountName) {
        guard var account = accounts[name] else { return }
        if let row = disk.rows[name]?.stored {
            let left = row.tokens.generation
            require(
                left >= account.acknowledged,
                .acknowledgedSets,
                "\(name) had generation \(account.acknowledged) acknowledged, \(left) is left"
            )
            require(
                left >= account.served || account.isUnsaved || account.isUnconfirmed,
                .durableFirst,
                "\(name) was served generation \(account.served), \(left) is left"
            )
            account.begin(with: row)
        } else {
            require(account.acknowledged == 0 || account.isLeaving, .acknowledgedSets, "\(name) is gone")
            account.forget()
        }
        accounts[name] = account
    }

    mutating func start(reboots: Bool) {
        if reboots {
            counts.reboots += 1
            clock.reboot()
            // A machine whose clock has no battery starts in the past, and is told the time soon.
            if chance(6) {
                clock.skew = pick([.hours(-1), .tenYears * -1])
                lastClockStep = clock.time
                agenda.add(.clockIsSet(skew: 0), at: clock.time + span(.seconds(1), .minutes(5)))
            }
        }
        note("the daemon starts; boot", nil, Int64(clock.boot))
        scheduler = RefreshScheduler(
            policy: Simulation.policy,
            loginsPerHour: sabotage == .allowsEveryLogin ? 10_000 : loginsPerHour
        )
        isUp = true
        if sabotage != .startsUnsynced { disk.sync() }
        for stored in disk.load(at: now, boot: clock.boot) { begin(with: stored) }
        for name in names { disturb(name) }
        agenda.add(.look, at: clock.time + .minutes(1))
    }

    /// A saboteur lets an account begin anew from what is stored.
    mutating func startAnew(_ name: AccountName) {
        check()
        take(scheduler.remove(name))
        guard let stored = disk.rows[name]?.stored else { return }
        take(scheduler.restore(stored, now: now, using: &random))
    }

    private mutating func begin(with stored: StoredAccount) {
        var stored = stored
        let name = stored.account.name
        let (now, skew) = (now, clock.skew)
        let stamp = stamp
        accounts[name]?.begin(
            recent: stored.recent,
            intent: stored.openIntent,
            time: stamp.time,
            wall: stamp.written
        )
        if disk.rows[name]?.boot != clock.boot {
            accounts[name]?.server.note(ofAccess: stored.tokens.set.accessToken.reveal()) {
                $0.lenience = max(0, $0.skew - skew)
            }
        }
        readUnreadAnswer(of: &stored)
        if stored.openIntent?.operation == .login {
            accounts[name]?.countLogin(stamp, wasAnswered: false)
        }
        if let until = stored.stayAwayUntil, until > now.wall {
            // The daemon takes no more than an hour's wait from its store, whatever the clock says.
            heed(min(until - now.wall, .hours(1)), stored.account.subscriptionKey)
        }
        take(scheduler.restore(distort(stored), now: now, using: &random))
    }

    /// A newer version may be able to read what an older one could not.
    private mutating func readUnreadAnswer(of stored: inout StoredAccount) {
        let name = stored.account.name
        guard let body = stored.unreadAnswer?.reveal(), stored.openIntent?.operation != .login,
            chance(3)
        else { return }
        guard let grant = accounts[name]?.server.grant(ofAccess: body) else { return }
        let set = TokenSet(grant, issuedAt: SimulationClock.wall(at: grant.issuedAt))
        let tokens = IssuedTokens(set, generation: stored.tokens.generation + 1, loaded: now)
        let entry = HistoryEntry(at: now.wall, event: .refresh, result: .received)
        guard disk.commit(.saveTokens(name, tokens, entry), boot: clock.boot, .works) == nil else {
            return
        }
        note("can read now what it could not; generation", name, tokens.generation)
        accounts[name]?.server.note(ofAccess: grant.access) { [clock] in
            ($0.skew, $0.lenience) = (0, max(0, clock.skew * -1))
        }
        accounts[name]?.acknowledged = tokens.generation
        accounts[name]?.mayBeLost = false
        (stored.tokens, stored.refreshToken, stored.openIntent) = (tokens, .unspent, nil)
    }
}
