@testable import QuartileCore

// MARK: - What goes wrong, and when

extension Simulation {
    mutating func turnWeather() {
        if weather.isStorm {
            note("calm begins")
            weather = SimulationWeather()
            for name in names { disturb(name) }
            agenda.add(.weatherTurns, at: clock.time + span(climate.calm.0, climate.calm.1))
        } else {
            note("a storm begins")
            weather.isStorm = true
            weather.crashesOnceIn = pick([30, 100, 1000])
            for name in names { accounts[name]?.recoverBy = nil }
            agenda.add(.gust, at: clock.time + span(1, .minutes(1)))
            let longest = chance(climate == .stormy ? 2 : 8) ? Milliseconds.hours(16) : .hours(1)
            agenda.add(.weatherTurns, at: clock.time + span(.minutes(1), longest))
        }
    }

    /// Something goes wrong, or ends.
    mutating func gust() {
        guard weather.isStorm else { return }
        agenda.add(.gust, at: clock.time + span(.seconds(1), .minutes(16)))
        // What is wrong does not last.
        if chance(2) { (weather.networkIsDown, weather.apiIsFailing) = (false, false) }
        if chance(2) { (weather.diskIsFull, weather.diskIsSick) = (false, false) }
        switch random.next() % 32 {
        case 0, 1: weather.networkIsDown = true
        case 2, 3: weather.apiIsFailing = true
        case 4: weather.diskIsFull = true
        case 5, 6: weather.diskIsSick = true
        case 7: crash(losesPower: false, for: span(.seconds(1), .minutes(10)))
        case 8: crash(losesPower: true, for: span(.seconds(10), .hours(8)))
        case 9: sleep(chance(3) ? .hours(13) : span(.seconds(1), .hours(2)))
        case 10: stepClock()
        case 11, 12: revoke(pick(names))
        case 13: changePasswordElsewhere(pick(names))
        case 14, 15, 16, 17: wish()
        case 18: makeBackup()
        case 19: restoreBackup()
        case 20: stop()
        default: call(pick(names), count: chance(20) ? 20 : 1)
        }
    }

    /// Something happens on a quiet day.
    mutating func breeze() {
        agenda.add(.breeze, at: clock.time + span(.hours(1), .days(32)))
        guard !weather.isStorm else { return }
        switch random.next() % 12 {
        case 0: crash(losesPower: false, for: span(.seconds(1), .minutes(10)))
        case 1: crash(losesPower: true, for: span(.minutes(1), .days(32)))
        case 2: sleep(.hours(13))
        case 3: stepClock()
        case 4, 5: wish()
        case 6: makeBackup()
        case 7: restoreBackup()
        case 8: stop()
        default: call(pick(names), count: 1)
        }
    }

    // MARK: Clocks

    private mutating func stepClock() {
        setClock(
            pick([
                0, 0, .hours(1), .hours(-1), .tenYears, .tenYears * -1, Milliseconds(400), .minutes(10),
            ])
        )
    }

    /// Somebody sets the wall clock; mostly the kernel tells, else the look once a minute has to do.
    mutating func setClock(_ skew: Milliseconds) {
        guard skew != clock.skew else { return }
        counts.clockSteps += 1
        note("the clock is set, off by s:", nil, skew.count / 1000)
        clock.skew = skew
        lastClockStep = clock.time
        let (now, time) = (now, clock.time)
        for name in names {
            accounts[name]?.seeClock(time: time, wall: now.wall)
            disturb(name)
        }
        guard isUp else { return }
        unnoticedSince = clock.time
        if chance(3) {
            agenda.add(.look, at: clock.time + span(1, .minutes(1)))
        } else {
            look()
        }
    }

    /// The machine sleeps.
    private mutating func sleep(_ span: Milliseconds) {
        guard isUp else { return }
        note("the machine sleeps, for s:", nil, span.count / 1000)
        let end = clock.time + span
        agenda.sleep(until: end)
        pass(to: end)
        unnoticedSince = end
        for name in names { disturb(name) }
        agenda.add(.look, at: clock.time + self.span(1, .minutes(1)))
    }

    // MARK: Accounts

    private mutating func revoke(_ name: AccountName) {
        note("somebody revokes all tokens", name)
        accounts[name]?.server.revokeAll()
        accounts[name]?.mayBeLost = true
    }

    /// The daemon is told later.
    private mutating func changePasswordElsewhere(_ name: AccountName) {
        note("the password is changed elsewhere", name)
        _ = changePassword(name)
        if chance(2) { revoke(name) }
        agenda.add(
            .userBegins(UserAct(name: name, wish: .newPassword)),
            at: clock.time + span(.minutes(1), .days(1))
        )
    }

    private mutating func makeBackup() {
        backup = disk.durable
        for (name, row) in backup {
            accounts[name]?.server.backUp(row.stored.tokens.set.accessToken.reveal())
        }
    }

    /// The store is put back to what it was.
    private mutating func restoreBackup() {
        guard isUp, !backup.isEmpty else { return }
        crash(losesPower: false, for: .seconds(2))
        note("a backup is restored")
        disk.restore(backup)
        for name in names {
            if let row = disk.rows[name]?.stored {
                accounts[name]?.rewind(to: row)
                accounts[name]?.begin(with: row)
            } else {
                accounts[name]?.forget()
            }
        }
    }

    /// From now on, or from when the storm is over, the account has its time to recover.
    mutating func disturb(_ name: AccountName) {
        guard !weather.isStorm, isUp, let account = accounts[name] else { return }
        let asked = wait(of: name).map { max(0, $0.returnsBy - now.boot) } ?? 0
        let budget = account.longestBudgetWait(
            time: clock.time,
            wall: now.wall,
            perHour: loginsPerHour,
            clockWasSet: clock.time - lastClockStep < .hours(3)
        )
        accounts[name]?.recoverBy = clock.time + max(Simulation.recoveryTime, asked) + budget + Simulation.slack
    }

    /// One backoff step.
    static let recoveryTime = Milliseconds.minutes(5)
    /// A look at the clocks comes within a minute; a refresh and the login after it, with their commits, take less
    /// than 15 s in calm.
    static let slack = Milliseconds.seconds(75)
}
