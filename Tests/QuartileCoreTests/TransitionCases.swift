@testable import QuartileCore

/// What a phase is, without what it holds.
enum TransitionKind: Hashable {
    case resting, intent, save, record, exchanging, uncommitted, backingOff, held, loginRequired

    init(_ phase: RefreshStateMachine.Phase) {
        self =
            switch phase {
            case .resting: .resting
            case .committing(_, .intent): .intent
            case .committing(_, .save): .save
            case .committing(_, .record): .record
            case .exchanging: .exchanging
            case .uncommitted: .uncommitted
            case .backingOff: .backingOff
            case .held: .held
            case .loginRequired: .loginRequired
            }
    }
}

/// Where a machine can be when an event comes.
enum TransitionStart: CaseIterable {
    case resting, intent, exchanging, save, record, unsavedSet, unsavedRecord, afterNotSent, afterAmbiguous
    case askedToStayAway, heldAtRest, heldInBackoff, heldForLogin, loginRequired

    /// A machine that came there on the ordinary way.
    func rig() throws -> MachineRig {
        var rig = MachineRig()
        switch self {
        case .resting: break
        case .intent: _ = rig.machine.demand(now: rig.now)
        case .exchanging:
            rig = try Self.intent.rig()
            _ = try rig.committed()
        case .save:
            rig = try Self.exchanging.rig()
            _ = try rig.answered(rig.set())
        case .record:
            rig = try Self.exchanging.rig()
            _ = try rig.answered(.notSent(.unreachable))
        case .unsavedSet:
            rig = try Self.save.rig()
            _ = try rig.committed(.diskFull)
        case .unsavedRecord:
            rig = try Self.record.rig()
            _ = try rig.committed(.diskFull)
        case .afterNotSent:
            rig = try Self.record.rig()
            _ = try rig.committed()
        case .afterAmbiguous:
            rig = try Self.exchanging.rig()
            _ = try rig.answered(.ambiguous(.broken, unread: nil))
            _ = try rig.committed()
        case .askedToStayAway:
            rig = try Self.exchanging.rig()
            _ = try rig.answered(.notSent(.throttled(.hours(1))))
            _ = try rig.committed()
        case .heldAtRest: _ = rig.machine.hold()
        case .heldInBackoff:
            rig = try Self.afterAmbiguous.rig()
            _ = rig.machine.hold()
        case .heldForLogin:
            rig = try Self.loginRequired.rig()
            _ = rig.machine.hold()
        case .loginRequired:
            rig = MachineRig(password: .none)
            try rig.follow(rig.machine.demand(now: rig.now), answer: .refused(.refusal))
        }
        return rig
    }
}

/// What can happen to a machine.
enum TransitionEvent: CaseIterable {
    case wakeEarly, wakeLate, demand, force, committed, commitFailed
    case received, notSent, refused, passwordRejected, ambiguous, unread
    case hold, release, replaced, password, noPassword

    func happens(to rig: inout MachineRig) -> RefreshStateMachine.Action {
        let flight = rig.machine.flight ?? rig.lastFlight
        switch self {
        case .wakeEarly: return rig.machine.wake(now: rig.now)
        case .wakeLate: return rig.machine.wake(now: rig.now + .hours(12))
        case .demand: return rig.machine.demand(now: rig.now)
        case .force: return rig.machine.force(now: rig.now)
        case .committed: return rig.machine.committed(flight, failure: nil, now: rig.now, using: &rig.random)
        case .commitFailed: return rig.machine.committed(flight, failure: .diskFull, now: rig.now, using: &rig.random)
        case .received: return answer(rig.set(), flight, &rig)
        case .notSent: return answer(.notSent(.unreachable), flight, &rig)
        case .refused: return answer(.refused(.refusal), flight, &rig)
        case .passwordRejected: return answer(.passwordRejected(.wrongPassword), flight, &rig)
        case .ambiguous: return answer(.ambiguous(.broken, unread: nil), flight, &rig)
        case .unread: return answer(.ambiguous(.broken, unread: Secret("{")), flight, &rig)
        case .hold:
            _ = rig.machine.hold()
            return .none
        case .release:
            rig.machine.release()
            return .none
        case .replaced:
            let tokens = IssuedTokens.made(rig.machine.tokens.generation + 1, sent: rig.now)
            rig.machine.replaced(by: tokens, password: .stored, using: &rig.random)
            return .none
        case .password: return rig.machine.credentialsChanged(password: .stored, now: rig.now)
        case .noPassword: return rig.machine.credentialsChanged(password: .none, now: rig.now)
        }
    }

    private func answer(_ outcome: Outcome, _ flight: Flight, _ rig: inout MachineRig) -> RefreshStateMachine.Action {
        rig.machine.answered(flight, outcome, now: rig.now, using: &rig.random)
    }
}

extension MachineRig {
    /// The flight that was under way last.
    var lastFlight: Flight {
        Flight(
            account: .ada,
            incarnation: 1,
            number: machine.flights,
            generation: machine.tokens.generation,
            operation: .refresh
        )
    }
}
