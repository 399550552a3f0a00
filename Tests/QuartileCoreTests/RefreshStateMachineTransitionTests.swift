@testable import QuartileCore
import Testing

/// Every phase met by every event. What the table does not name must leave the machine as it was and ask for nothing.
@Suite struct `Refresh state machine, transitions` {
    typealias Start = TransitionStart
    typealias Kind = TransitionKind
    typealias Event = TransitionEvent

    private static let table: [Start: [Event: Kind]] = [
        .resting: [.wakeLate: .intent, .demand: .intent, .force: .intent, .hold: .held],
        .intent: [.committed: .exchanging, .commitFailed: .backingOff, .replaced: .resting],
        .exchanging: [
            .received: .save, .notSent: .record, .refused: .record, .passwordRejected: .record, .ambiguous: .record,
            .unread: .record, .replaced: .resting,
        ],
        .save: [.committed: .resting, .commitFailed: .uncommitted, .replaced: .resting],
        .record: [.committed: .backingOff, .commitFailed: .uncommitted, .replaced: .resting],
        .unsavedSet: [.wakeLate: .save, .force: .save, .replaced: .resting],
        .unsavedRecord: [.wakeLate: .record, .force: .record, .replaced: .resting],
        .afterNotSent: [
            .wakeLate: .intent, .force: .intent, .hold: .held, .replaced: .resting, .password: .intent,
            .noPassword: .intent,
        ],
        .afterAmbiguous: [
            .wakeLate: .intent, .force: .intent, .hold: .held, .replaced: .resting, .password: .intent,
            .noPassword: .intent,
        ],
        .askedToStayAway: [.wakeLate: .intent, .hold: .held, .replaced: .resting],
        .heldAtRest: [.release: .resting, .replaced: .resting, .password: .resting, .noPassword: .resting],
        .heldInBackoff: [.release: .backingOff, .replaced: .resting, .password: .intent, .noPassword: .intent],
        .heldForLogin: [
            .release: .loginRequired, .replaced: .resting, .password: .intent, .noPassword: .loginRequired,
        ],
        .loginRequired: [.hold: .held, .replaced: .resting, .password: .intent],
    ]

    @Test(arguments: Start.allCases, Event.allCases)
    func `each event moves each phase as the table says, or not at all`(start: Start, event: Event) throws {
        var rig = try start.rig()
        let before = Kind(rig.machine.phase)
        let action = event.happens(to: &rig)
        let after = Kind(rig.machine.phase)
        #expect(after == Self.table[start]?[event] ?? before)
        // An action is asked for exactly where a flight moves on.
        switch after {
        case .intent, .save, .record: #expect((action.change != nil) == (after != before))
        case .exchanging: #expect((action == .send) == (after != before))
        case .resting, .uncommitted, .backingOff, .held, .loginRequired: #expect(action == .nothing)
        }
    }

    @Test(arguments: Start.allCases, Event.allCases)
    func `no event but a set takes the tokens away or brings the generation back`(start: Start, event: Event) throws {
        var rig = try start.rig()
        let before = rig.machine.tokens
        _ = event.happens(to: &rig)
        let publishes =
            event == .replaced || (start == .save && [.committed, .commitFailed].contains(event))
        #expect((rig.machine.tokens != before) == publishes)
        #expect(rig.machine.tokens.generation == before.generation + (publishes ? 1 : 0))
    }

    @Test(arguments: Start.allCases)
    func `answers and commits of any other flight are dropped`(start: Start) throws {
        let rig = try start.rig()
        let known = rig.machine.flight ?? rig.lastFlight
        for stale in known.neighbours {
            var late = rig
            let before = late.machine.fingerprint
            let actions = [
                late.machine.committed(stale, failure: nil, now: late.now, using: &late.random),
                late.machine.committed(stale, failure: .diskFull, now: late.now, using: &late.random),
                late.machine.answered(stale, late.set(), now: late.now, using: &late.random),
                late.machine.answered(stale, .refused(.refusal), now: late.now, using: &late.random),
                late.machine.answered(stale, .passwordRejected(.wrongPassword), now: late.now, using: &late.random),
            ]
            #expect(actions.allSatisfy { $0 == .nothing })
            #expect(late.machine.fingerprint == before)
        }
    }

    @Test(arguments: Start.allCases)
    func `wants a wake exactly where time alone moves it`(start: Start) throws {
        var rig = try start.rig()
        let moves = Self.table[start]?[.wakeLate] != nil
        let deadline = rig.machine.deadline(seenAt: rig.now)
        #expect((deadline != nil) == moves)
        guard let deadline else { return }
        // One millisecond early it does nothing; on time it acts.
        rig.now = rig.now + (deadline - rig.now.boot - 1)
        #expect(rig.machine.wake(now: rig.now) == .nothing)
        rig.now = rig.now + 1
        #expect(rig.machine.wake(now: rig.now) != .nothing)
    }

    @Test(arguments: Start.allCases)
    func `is in flight exactly while an answer or a commit is awaited or the user has it`(start: Start) throws {
        let machine = try start.rig().machine
        switch Kind(machine.phase) {
        case .intent, .save, .record, .exchanging, .held: #expect(machine.isInFlight)
        case .resting, .uncommitted, .backingOff, .loginRequired: #expect(!machine.isInFlight)
        }
        #expect(machine.isUncommitted == (Kind(machine.phase) == .uncommitted))
    }
}

extension Flight {
    /// Flights that differ in one thing each.
    fileprivate var neighbours: [Flight] {
        func flight(_ account: AccountName, _ incarnation: UInt64, _ number: UInt64, _ generation: Generation) -> Flight
        {
            Flight(
                account: account,
                incarnation: incarnation,
                number: number,
                generation: generation,
                operation: operation
            )
        }
        return [
            flight(.named("other"), incarnation, number, generation),
            flight(account, incarnation + 1, number, generation),
            flight(account, incarnation, number + 1, generation), flight(account, incarnation, number &- 1, generation),
            flight(account, incarnation, number, generation + 1),
            Flight(
                account: account,
                incarnation: incarnation,
                number: number,
                generation: generation,
                operation: operation == .login ? .refresh : .login
            ),
        ]
    }
}

extension RefreshStateMachine {
    /// Everything about a machine that can be told apart from outside.
    fileprivate var fingerprint: String { String(reflecting: self) }
}
