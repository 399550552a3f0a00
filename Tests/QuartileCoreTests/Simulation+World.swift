@testable import QuartileCore

// MARK: - What the scheduler asks for, and what comes of it

extension Simulation {
    /// Does what the scheduler returned, as the daemon would.
    mutating func take(_ effects: RefreshScheduler.Effects) {
        for (id, answer) in effects.answers { answered(id, answer) }
        for action in effects.actions {
            switch action {
            case .none: break
            case .commit(let change, let flight): pending.append(.commit(change, flight))
            case .send(let flight): send(flight)
            }
        }
    }

    private mutating func send(_ flight: Flight) {
        counts.requests += 1
        checkSend(flight)
        guard let machine = scheduler[flight.account] else { return }
        let presented = machine.tokens.set.refreshToken.reveal()
        if flight.operation == .refresh, knownSpent.contains(presented) { replays[presented, default: 0] += 1 }
        pending.append(.request(flight, presented: presented, sent: now))
    }

    /// Lets one of the things that are pending go on: any of them, but commits in their order.
    mutating func proceed() {
        guard !pending.isEmpty else { return }
        var index = Int.random(in: pending.indices, using: &random)
        if case .commit = pending[index] {
            index = pending.firstIndex { if case .commit = $0 { true } else { false } } ?? index
        }
        switch pending.remove(at: index) {
        case .commit(let change, let flight): commit(change, flight)
        case .request(let flight, let presented, let sent): arrive(flight, presented: presented, sent: sent)
        case .response(let flight, let presented, let outcome): deliver(flight, presented: presented, outcome)
        case .userLogin(let name): logInByUser(name, remember: !chance(4), mayFail: true)
        }
    }

    var fate: SimulationStore.Fate {
        mutating get { storeIsDown || mishap(20) ? (chance(2) ? .fails : .failsButIsDurable) : .works }
    }

    private mutating func commit(_ change: StoreChange, _ flight: Flight) {
        let failure = store.commit(change, fate)
        if failure != nil { counts.failedCommits += 1 }
        if case .saveTokens(let name, _, _) = change {
            if failure == nil { unsaved.remove(name) } else { unsaved.insert(name) }
        }
        take(scheduler.committed(flight, failure: failure, now: now, using: &random))
    }

    /// A request reaches the server, or does not.
    private mutating func arrive(_ flight: Flight, presented: String, sent: Moment) {
        let outcome: Outcome
        if networkIsDown || mishap(12) {
            outcome = .notSent(Failure(.upstreamUnavailable, "the API can't be reached"))
        } else if mishap(15) {
            let span = chance(2) ? nil : span(0...600_000)
            outcome = .notSent(Failure(.upstreamUnavailable, "the API asks to slow down", retryAfter: span))
        } else if mishap(15) {
            outcome = .ambiguous(Failure(.upstreamUnavailable, "the API answered 502"), unread: nil)
        } else {
            outcome = act(flight, presented: presented, sent: sent)
        }
        pending.append(.response(flight, presented: presented, outcome))
    }

    /// The server acts on a request; its answer may be lost or come out unreadable.
    mutating func act(_ flight: Flight, presented: String, sent: Moment) -> Outcome {
        serial += 1
        let life = pick([
            Milliseconds.seconds(1), .seconds(8), .minutes(5), .hours(1), .hours(12), .hours(12), .hours(12),
        ])
        let password = store.rows[flight.account]?.account.password?.reveal() ?? ""
        let answer: SimulationServer.Answer? =
            switch flight.operation {
            case .refresh: servers[flight.account]?.refresh(presented, life: life, at: time, serial: serial)
            case .login: servers[flight.account]?.logIn(password, life: life, at: time, serial: serial)
            }
        if mishap(10) {
            counts.lost += 1
            return .ambiguous(Failure(.upstreamUnavailable, "the connection was reset"), unread: nil)
        }
        switch answer {
        case .issued where mishap(15):
            counts.unread += 1
            return .ambiguous(Failure(.upstreamUnavailable, "the answer can't be read"), unread: Secret("{\"odd\": 1}"))
        case .issued(let grant):
            return .received(set(grant, sent: sent.wall), sent: sent)
        case .refused:
            return .refused(Failure(.upstreamRejected, "the refresh token is dead"))
        case .wrongPassword:
            return .passwordRejected(Failure(.upstreamRejected, "the password is wrong"))
        case nil:
            return .notSent(Failure(.upstreamUnavailable, "there is no such host"))
        }
    }

    func set(_ grant: SimulationServer.Grant, sent: UnixTime) -> TokenSet {
        TokenSet(
            accessToken: Secret(grant.access),
            tokenType: "Bearer",
            refreshToken: Secret(grant.refresh),
            issuedAt: sent,
            accessExpiresAt: sent + grant.life,
            refreshExpiresAt: sent + .hours(14 * 24)
        )
    }

    private mutating func deliver(_ flight: Flight, presented: String, _ outcome: Outcome) {
        let isLive = scheduler[flight.account]?.flight == flight
        if isLive {
            switch outcome {
            case .received: counts.sets += 1
            case .refused where flight.operation == .refresh:
                counts.refusals += 1
                knownRefused.insert(presented)
            case .ambiguous(_, .some) where flight.operation == .refresh: knownSpent.insert(presented)
            case .notSent where flight.operation == .refresh && knownSpent.contains(presented),
                .turnedAway where flight.operation == .refresh && knownSpent.contains(presented):
                replays[presented, default: 1] -= 1
            case .notSent, .turnedAway, .refused, .passwordRejected, .ambiguous: break
            }
        }
        take(scheduler.answered(flight, outcome, now: now, using: &random))
    }
}
