@testable import QuartileCore
import Testing

@Suite struct `Refresh state machine, a store that fails` {
    @Test func `nothing is sent where the intent can't be made durable`() throws {
        var rig = MachineRig()
        _ = rig.machine.demand(now: rig.now)
        for _ in 0..<20 {
            #expect(try rig.committed(.diskFull) == .nothing)
            #expect(rig.machine.state(at: rig.now) == .degraded)
            #expect(rig.machine.lastError?.failure == .diskFull)
            #expect(rig.machine.refreshToken == .unspent)
            let deadline = try #require(rig.machine.deadline(seenAt: rig.now))
            #expect(deadline > rig.now.boot)
            rig.now = rig.now + (deadline - rig.now.boot)
            let action = rig.machine.wake(now: rig.now)
            guard case .openIntent(_, _, let token, let replacingOwn)? = action.change else {
                Issue.record("no intent: \(action)")
                return
            }
            // The commit before may have left the row, and its request was never sent.
            #expect(replacingOwn)
            #expect(token == .ambiguous)
        }
        #expect(try rig.committed() == .send)
        _ = try rig.answered(rig.set())
        _ = try rig.committed()
        #expect(rig.machine.state(at: rig.now) == .active)
        #expect(!replacesOwn(&rig))
    }

    @Test func `an intent of our own is replaced once only`() throws {
        var rig = MachineRig()
        _ = rig.machine.demand(now: rig.now)
        _ = try rig.committed(.diskFull)
        #expect(replacesOwn(&rig))
        _ = try rig.committed()
        _ = try rig.answered(.notSent(.unreachable))
        _ = try rig.committed()
        #expect(!replacesOwn(&rig))
    }

    private func replacesOwn(_ rig: inout MachineRig) -> Bool {
        if case .openIntent(_, _, _, true)? = rig.machine.force(now: rig.now).change { true } else { false }
    }

    @Test func `an intent that failed does not use up the one replay of a spent token`() throws {
        var rig = MachineRig(password: .none)
        try rig.follow(rig.machine.demand(now: rig.now), answer: .ambiguous(.broken, unread: Secret("{")))
        _ = rig.machine.force(now: rig.now)
        _ = try rig.committed(.diskFull)
        #expect(rig.machine.refreshToken == .spent)
        try rig.nextAttempt(answer: rig.set())
        #expect(rig.machine.tokens.generation == 2)
    }

    // MARK: A received set that can't be saved

    @Test func `a set that can't be saved is served, and the state says why it is in danger`() throws {
        let rig = try TransitionStart.unsavedSet.rig()
        #expect(rig.machine.tokens.generation == 2)
        #expect(rig.machine.isUncommitted)
        #expect(rig.machine.state(at: rig.now) == .degraded)
        #expect(rig.machine.lastError?.failure.code == .storageFailed)
    }

    @Test func `a set that can't be saved is saved again until it is, and no request is made meanwhile`() throws {
        var rig = try TransitionStart.unsavedSet.rig()
        let kept = rig.machine.tokens
        for _ in 0..<30 {
            #expect(rig.machine.demand(now: rig.now) == .nothing)
            #expect(rig.machine.hold() == false)
            let deadline = try #require(rig.machine.deadline(seenAt: rig.now))
            rig.now = rig.now + (deadline - rig.now.boot)
            guard case .saveTokens(_, let again, let entry)? = rig.machine.wake(now: rig.now).change else {
                Issue.record("not saved again")
                return
            }
            #expect(again == kept)
            #expect(entry.at == kept.set.issuedAt)
            _ = try rig.committed(.diskFull)
            #expect(rig.machine.tokens == kept)
        }
        _ = rig.machine.force(now: rig.now)
        #expect(try rig.committed() == .nothing)
        #expect(rig.machine.tokens == kept)
        #expect(rig.machine.state(at: rig.now) == .active)
        #expect(!rig.machine.isUncommitted)
        #expect(rig.machine.failures == 0)
    }

    @Test func `a set that can't be saved keeps its own time of refresh`() throws {
        var rig = try TransitionStart.unsavedSet.rig()
        let jitter = rig.machine.jitter
        _ = rig.machine.force(now: rig.now)
        _ = try rig.committed()
        #expect(rig.machine.jitter == jitter)
    }

    @Test func `a crash before the set was saved ends in the ambiguous rule`() throws {
        var rig = MachineRig()
        rig.stored.apply(try rig.machine.demand(now: rig.now).requiredChange)
        _ = try rig.committed()
        _ = try rig.answered(rig.set())
        _ = try rig.committed(.diskFull)
        try rig.follow(rig.restart(), answer: rig.set())
        #expect(rig.machine.tokens.generation == 1)
        #expect(rig.machine.refreshToken == .ambiguous)
        #expect(rig.machine.nextOperation == .login)
    }

    // MARK: A failure that can't be recorded

    @Test func `a failure that can't be recorded is recorded before anything else is tried`() throws {
        var rig = try TransitionStart.unsavedRecord.rig()
        #expect(rig.machine.demand(now: rig.now) == .nothing)
        #expect(rig.machine.lastError?.failure.code == .storageFailed)
        let deadline = try #require(rig.machine.deadline(seenAt: rig.now))
        rig.now = rig.now + (deadline - rig.now.boot)
        guard case .recordFailure(_, .unspent, .stored, nil, let entry, _, nil)? = rig.machine.wake(now: rig.now).change
        else {
            Issue.record("not recorded again")
            return
        }
        #expect(entry.at == Moment.start.wall)
        #expect(entry.result == .notSent)
    }

    @Test func `once the store works again the state tells what else is wrong`() throws {
        var rig = MachineRig()
        _ = rig.machine.demand(now: rig.now)
        _ = try rig.committed()
        _ = try rig.answered(.notSent(.throttled(.hours(1))))
        let told = rig.machine.lastError
        _ = try rig.committed(.diskFull)
        #expect(rig.machine.lastError?.failure == .diskFull)
        _ = rig.machine.force(now: rig.now)
        #expect(try rig.committed() == .nothing)
        #expect(rig.machine.lastError == told)
        #expect(rig.machine.deadline(seenAt: rig.now) == rig.now.boot + .hours(1))
    }

    @Test func `an unreadable success that can't be recorded is kept for the next attempt to record it`() throws {
        var rig = try TransitionStart.exchanging.rig()
        _ = try rig.answered(.ambiguous(.broken, unread: Secret("{")))
        _ = try rig.committed(.diskFull)
        guard case .recordFailure(_, .spent, _, let unread?, _, _, _)? = rig.machine.force(now: rig.now).change else {
            Issue.record("the body is gone")
            return
        }
        #expect(unread == Secret("{"))
    }
}
