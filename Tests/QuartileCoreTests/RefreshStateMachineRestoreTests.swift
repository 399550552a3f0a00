@testable import QuartileCore
import Testing

/// Every point at which a process can end, and what the next one does.
@Suite struct `Refresh state machine, restarts` {
    /// A rig whose intent is durable and whose process then ended.
    private func cutOff(
        _ password: PasswordState,
        known: RefreshTokenState = .unspent
    ) throws -> MachineRig {
        var rig = MachineRig(password: password)
        rig.stored.refreshToken = known
        rig.restart()
        rig.stored.apply(try rig.machine.force(now: rig.now).requiredChange)
        return rig
    }

    @Test func `before the intent nothing special is done`() throws {
        var rig = MachineRig()
        #expect(rig.restart(after: .hours(1)) == .nothing)
        #expect(rig.machine.state(at: rig.now) == .active)
        #expect(rig.machine.lastError == nil)
        let due = try #require(rig.machine.deadline(seenAt: rig.now)) - Moment.start.boot
        #expect((Milliseconds.hours(11) - .minutes(6)...Milliseconds.hours(11)).contains(due))
    }

    @Test func `after the set was saved nothing special is done`() throws {
        var rig = MachineRig()
        try rig.follow(rig.machine.demand(now: rig.now), answer: rig.set())
        #expect(rig.restart() == .nothing)
        #expect(rig.machine.tokens.generation == 2)
        #expect(rig.machine.refreshToken == .unspent)
        #expect(rig.machine.state(at: rig.now) == .active)
    }

    @Test func `between intent and set the token is served, the intent closed and a login made`() throws {
        var rig = try cutOff(.stored)
        let action = rig.restart(after: .seconds(3))
        #expect(rig.machine.tokens.remaining(at: rig.now) > 0)
        guard case .recordFailure(.ada, .ambiguous, .stored, nil, let entry, _, nil)? = action.change else {
            Issue.record("the intent was not closed: \(action)")
            return
        }
        #expect(entry == HistoryEntry(at: rig.now.wall, event: .refresh, result: .interrupted))
        try rig.follow(action, answer: rig.set())
        #expect(rig.stored.openIntent == nil)
        let wait = try #require(rig.machine.deadline(seenAt: rig.now)) - rig.now.boot
        #expect(wait <= .seconds(1))
        try rig.nextAttempt(answer: rig.set())
        #expect(rig.sent == [.login])
    }

    @Test func `between intent and set the token is replayed where no password is stored`() throws {
        var rig = try cutOff(.none)
        try rig.follow(rig.restart(), answer: rig.set())
        try rig.nextAttempt(answer: rig.set())
        #expect(rig.sent == [.refresh])
        #expect(rig.machine.tokens.generation == 2)
    }

    @Test func `a crash while the intent is being closed changes nothing`() throws {
        var rig = try cutOff(.stored)
        for _ in 0..<5 { #expect(rig.restart() == .record) }
        try rig.follow(rig.restart(), answer: rig.set())
        try rig.nextAttempt(answer: rig.set())
        #expect(rig.sent == [.login])
    }

    @Test func `a replay of a spent token that was cut off is never made again`() throws {
        var rig = try cutOff(.none, known: .spent)
        #expect(rig.stored.refreshToken == .replayed)
        try rig.follow(rig.restart(), answer: rig.set())
        #expect(rig.machine.state(at: rig.now) == .loginRequired)
        #expect(rig.stored.refreshToken == .replayed)
        rig.restart(after: .hours(13))
        #expect(rig.machine.state(at: rig.now) == .loginRequired)
        #expect(rig.machine.force(now: rig.now) == .nothing)
        #expect(rig.sent.isEmpty)
    }

    @Test func `a spent token that was not replayed yet is replayed once across a restart`() throws {
        var rig = MachineRig(password: .none)
        try rig.follow(rig.machine.demand(now: rig.now), answer: .ambiguous(.broken, unread: Secret("{")))
        rig.restart()
        try rig.follow(rig.machine.force(now: rig.now), answer: .ambiguous(.broken, unread: nil))
        rig.restart()
        #expect(rig.sent == [.refresh, .refresh])
        #expect(rig.machine.state(at: rig.now) == .loginRequired)
    }

    @Test(arguments: [RefreshTokenState.refused, .replayed])
    func `a token that must not be sent again is not, after a restart either`(state: RefreshTokenState) throws {
        var rig = MachineRig(password: .none)
        rig.stored.refreshToken = state
        rig.restart()
        #expect(rig.machine.state(at: rig.now) == .loginRequired)
        #expect(rig.machine.demand(now: rig.now) == .nothing)
        var withPassword = MachineRig()
        withPassword.stored.refreshToken = state
        withPassword.restart()
        #expect(withPassword.machine.state(at: rig.now) == .active)
        #expect(withPassword.machine.demand(now: rig.now) == .intent(.login))
    }

    @Test func `a login that was cut off is made again and counts against the budget`() throws {
        var rig = try cutOff(.stored, known: .refused)
        #expect(rig.stored.openIntent?.operation == .login)
        let action = rig.restart(loginsPerHour: 2)
        #expect(action == .record)
        try rig.follow(action, answer: rig.set())
        #expect(rig.stored.recent.last?.result == .interrupted)
        #expect(rig.stored.recent.last?.event == .login)
        try rig.nextAttempt(answer: .refused(Failure(.upstreamRejected, "The username is malformed.")))
        #expect(rig.sent == [.login])
        #expect(rig.machine.budget.nextLogin(at: rig.now.wall) == Moment.start.wall + .hours(1))
    }

    @Test func `a login after a long absence that was cut off is a login again`() throws {
        var rig = MachineRig()
        rig.restart(after: .hours(13))
        rig.stored.apply(try rig.machine.wake(now: rig.now).requiredChange)
        #expect(rig.stored.openIntent?.operation == .login)
        try rig.follow(rig.restart(), answer: rig.set())
        try rig.nextAttempt(answer: rig.set())
        #expect(rig.sent == [.login])
    }

    @Test func `an intent whose commit failed but stayed is taken for one that was sent`() throws {
        var rig = MachineRig()
        rig.stored.apply(try rig.machine.demand(now: rig.now).requiredChange)
        _ = try rig.committed(.diskFull)
        try rig.follow(rig.restart(), answer: rig.set())
        #expect(rig.machine.refreshToken == .ambiguous)
    }

    @Test func `accounts that start together are not due together`() {
        var random = SplitMix64(seed: 3)
        let rig = MachineRig()
        let due = (0..<100).map { _ in
            RefreshStateMachine.restore(
                rig.stored,
                policy: RefreshPolicy(),
                loginsPerHour: 12,
                incarnation: 1,
                now: .start,
                using: &random
            ).0.deadline(seenAt: .start)
        }
        #expect(Set(due).count > 90)
    }

    @Test(arguments: [Milliseconds.hours(-1), .hours(1), .tenYears, .tenYears * -1])
    func `a restart after the clock was set serves no token for longer than it lives`(step: Milliseconds) {
        var rig = MachineRig()
        rig.now = (rig.now + .hours(1)).steppedBy(step)
        rig.stored.tokens = IssuedTokens(rig.stored.tokens.set, generation: 1, loaded: rig.now)
        rig.restart()
        #expect(rig.machine.tokens.remaining(at: rig.now) <= .hours(12))
        #expect(rig.machine.tokens.remaining(at: rig.now + .hours(12)) <= 0)
    }
}

@Suite struct `A failure from before a restart` {
    private static let error = LastError(
        .broken,
        at: Moment.start.wall,
        retryAt: Moment.start.wall + .minutes(4)
    )

    private static func entry(_ result: HistoryEntry.Result) -> HistoryEntry {
        HistoryEntry(at: Moment.start.wall, event: .refresh, result: result)
    }

    @Test func `is still told, and waited out as before`() throws {
        var rig = MachineRig()
        (rig.stored.lastError, rig.stored.recent) = (Self.error, [Self.entry(.ambiguous)])
        rig.restart(after: .minutes(1))
        #expect(rig.machine.lastError == Self.error)
        #expect(rig.machine.state(at: rig.now) == .degraded)
        #expect(try #require(rig.machine.deadline(seenAt: rig.now)) - rig.now.boot == .minutes(3))
    }

    @Test func `in which the API was not reached is tried again at once`() throws {
        var rig = MachineRig()
        (rig.stored.lastError, rig.stored.recent) = (Self.error, [Self.entry(.notSent)])
        rig.restart(after: .minutes(1))
        #expect(try #require(rig.machine.deadline(seenAt: rig.now)) == rig.now.boot)
    }

    @Test func `counts for how long the next one is waited out`() throws {
        var rig = MachineRig()
        rig.stored.lastError = Self.error
        rig.stored.recent = [.received, .ambiguous, .ambiguous, .turnedAway, .notSent, .ambiguous].map(Self.entry)
        rig.restart(after: .minutes(5))
        try rig.nextAttempt(answer: .ambiguous(.broken, unread: nil))
        let wait = try #require(rig.machine.deadline(seenAt: rig.now)) - rig.now.boot
        #expect(wait >= Backoff.delay(failures: 6, random: 0))
    }

    @Test func `is waited out for five minutes at most, whatever was done to the clock`() throws {
        var rig = MachineRig()
        (rig.stored.lastError, rig.stored.recent) = (Self.error, [Self.entry(.ambiguous)])
        rig.now = rig.now.steppedBy(Milliseconds(-Milliseconds.tenYears.count))
        rig.restart()
        #expect(try #require(rig.machine.deadline(seenAt: rig.now)) - rig.now.boot == Backoff.ceiling)
    }

    @Test func `that only a person can mend keeps its time`() throws {
        var rig = MachineRig(password: .none)
        (rig.stored.refreshToken, rig.stored.lastError) = (.refused, Self.error)
        rig.restart(after: .hours(1))
        #expect(rig.machine.state(at: rig.now) == .loginRequired)
        #expect(rig.machine.lastError?.at == Self.error.at)
        #expect(rig.machine.lastError?.failure.code == .loginRequired)
    }
}
