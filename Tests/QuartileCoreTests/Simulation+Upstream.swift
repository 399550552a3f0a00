@testable import QuartileCore

// MARK: - The network and the API

extension Simulation {
    /// How long a message takes.
    var latency: Milliseconds {
        mutating get { weather.isStorm ? span(20, .seconds(30)) : span(20, .seconds(2)) }
    }

    /// A request reaches the API, or does not.
    mutating func arrive(_ request: Request) {
        guard request.process == process, isUp else {
            // Who sent it is gone, but the API can't know.
            if chance(2) { _ = act(request) }
            return
        }
        let outcome = outcome(of: request)
        agenda.add(.answerArrives(request, outcome), at: clock.time + latency)
    }

    private mutating func outcome(of request: Request) -> Outcome {
        if weather.networkIsDown {
            return .notSent(Failure(.upstreamUnavailable, "the API can't be reached"))
        }
        if weather.apiIsFailing {
            if chance(3) { _ = act(request) }
            let wait = chance(4) ? span(.seconds(1), .minutes(10)) : nil
            return .ambiguous(
                Failure(.upstreamUnavailable, "the API answered 503", retryAfter: wait),
                unread: nil
            )
        }
        guard weather.isStorm, !chance(3) else { return act(request) }
        switch random.next() % 10 {
        case 0: return .notSent(Failure(.upstreamUnavailable, "the API can't be reached"))
        case 1:
            let wait = chance(3) ? nil : span(.seconds(1), .hours(1))
            return .turnedAway(
                Failure(.upstreamUnavailable, "the API asks to slow down", retryAfter: wait)
            )
        case 2:
            let wait = chance(2) ? nil : span(.minutes(1), .hours(1))
            return .turnedAway(Failure(.upstreamUnavailable, "the quota is used up", retryAfter: wait))
        case 3:
            return .ambiguous(Failure(.upstreamUnavailable, "the connection was reset"), unread: nil)
        case 4: return refuseWithoutReason(request)
        case 5, 6: return unread(act(request))
        case 7: return lose(act(request))
        default: return act(request)
        }
    }

    /// The API refuses what is good.
    private mutating func refuseWithoutReason(_ request: Request) -> Outcome {
        guard chance(4) else { return act(request) }
        if request.flight.operation == .refresh { accounts[request.flight.account]?.mayBeLost = true }
        return .refused(Failure(.upstreamRejected, "the API answered 422"))
    }

    private mutating func lose(_ outcome: Outcome) -> Outcome {
        counts.lost += 1
        return .ambiguous(Failure(.upstreamUnavailable, "the connection was reset"), unread: nil)
    }

    private mutating func unread(_ outcome: Outcome) -> Outcome {
        guard case .received(let set, _) = outcome else { return outcome }
        counts.unread += 1
        return .ambiguous(
            Failure(.upstreamUnavailable, "the answer can't be read"),
            unread: set.accessToken
        )
    }

    /// The API acts on a request.
    private mutating func act(_ request: Request) -> Outcome {
        let name = request.flight.account
        serial += 1
        let lives = lives
        guard var account = accounts[name] else {
            return .notSent(Failure(.upstreamUnavailable, "no such host"))
        }
        let answer =
            switch request.flight.operation {
            case .refresh:
                account.server.refresh(request.refreshToken, lives, at: clock.time, serial: serial)
            case .login: account.server.logIn(request.password, lives, at: clock.time, serial: serial)
            }
        if case .issued(let grant) = answer {
            account.mayBeLost = true
            account.server.note(ofAccess: grant.access) { $0.skew = request.skew }
        }
        accounts[name] = account
        switch answer {
        case .issued(let grant):
            return .received(TokenSet(grant, issuedAt: request.sent.wall), sent: request.sent)
        case .refused: return .refused(Failure(.upstreamRejected, "the refresh token is dead"))
        case .wrongPassword:
            return .passwordRejected(Failure(.upstreamRejected, "the password is wrong"))
        }
    }

    /// How long a set lives that is issued now.
    var lives: SimulationServer.Lives {
        mutating get {
            let access = pick(weather.isStorm ? climate.stormLives : climate.calmLives)
            return SimulationServer.Lives(
                access: access,
                refresh: chance(5) ? nil : access * 2 + .days(14)
            )
        }
    }

    // MARK: The disk

    /// How long a commit takes.
    var diskTime: Milliseconds {
        mutating get { weather.isStorm ? span(1, .seconds(5)) : span(1, 64) }
    }

    /// How the next commit goes.
    var diskFate: SimulationDisk.Fate {
        mutating get {
            if weather.diskIsFull { return .fails }
            guard weather.diskIsSick || (weather.isStorm && chance(12)) else { return .works }
            return pick([.works, .fails, .failsUnsynced, .failsUnsynced, .failsSynced])
        }
    }
}

extension TokenSet {
    /// A set as the API issued it, with its life counted from `issuedAt`.
    init(_ grant: SimulationServer.Grant, issuedAt: UnixTime) {
        self.init(
            accessToken: Secret(grant.access),
            tokenType: "Bearer",
            refreshToken: Secret(grant.refresh),
            issuedAt: issuedAt,
            accessExpiresAt: issuedAt + grant.life,
            refreshExpiresAt: grant.refreshLife.map { issuedAt + $0 }
        )
    }
}
