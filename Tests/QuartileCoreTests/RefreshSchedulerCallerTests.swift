@testable import QuartileCore
import Testing

@Suite struct `Scheduler, callers` {
    // MARK: From memory

    @Test func `a token with enough left is given at once`() throws {
        var rig = SchedulerRig.withAda()
        let caller = rig.getToken()
        guard case .token(let tokens, let remaining, nil)? = rig.answer(to: caller) else {
            Issue.record("no token")
            return
        }
        #expect(tokens.generation == 1)
        #expect(remaining == .hours(12))
        #expect(rig.requests == 0)
    }

    @Test func `who names no span gets at least 60 s or a tenth of the life`() {
        for (life, least) in [(Milliseconds.hours(12), Milliseconds.seconds(60)), (.seconds(8), Milliseconds(800))] {
            var rig = SchedulerRig.withAda(life: life)
            rig.advance(life - least)
            let served = rig.getToken()
            #expect(rig.answer(to: served)?.generation == 1)
            rig.advance(1)
            let waiting = rig.getToken()
            #expect(rig.answer(to: waiting) == nil)
            #expect(rig.requests == 1)
        }
    }

    @Test func `who names a span gets that much, or waits for a refresh`() throws {
        var rig = SchedulerRig.withAda()
        rig.advance(.hours(2))
        let served = rig.getToken(minValid: .hours(10))
        #expect(rig.answer(to: served)?.generation == 1)
        let waiting = rig.getToken(minValid: .hours(10) + 1)
        #expect(rig.answer(to: waiting) == nil)
        // A set with less than was asked for is the answer all the same.
        try rig.answerWithSet(life: .hours(1))
        #expect(rig.answer(to: waiting)?.generation == 2)
        #expect(rig.answer(to: waiting)?.degraded == nil)
    }

    @Test(arguments: [Milliseconds.hours(12), .hours(13), .tenYears])
    func `a span of the whole life or more causes no refresh`(span: Milliseconds) {
        var rig = SchedulerRig.withAda()
        rig.advance(.hours(5))
        let caller = rig.getToken(minValid: span)
        #expect(rig.answer(to: caller)?.generation == 1)
        #expect(rig.requests == 0)
    }

    @Test func `who asks for nearly the whole life in a loop has one refresh in half a minute`() throws {
        var rig = SchedulerRig.withAda()
        rig.advance(.seconds(2))
        for generation: Generation in [2, 3] {
            let waiting = rig.getToken(minValid: .hours(12) - .seconds(1))
            #expect(rig.answer(to: waiting) == nil, "the login, or the last refresh, is long enough ago")
            try rig.answerWithSet()
            #expect(rig.answer(to: waiting)?.generation == generation)
            for _ in 0..<14 {
                rig.advance(.seconds(2))
                let served = rig.getToken(minValid: .hours(12) - .seconds(1))
                #expect(rig.answer(to: served)?.generation == generation)
            }
            rig.advance(.seconds(2))
        }
        #expect(rig.requests == 2)
    }

    @Test func `the moments after a refresh are no reason to serve a token that has run out`() throws {
        var rig = SchedulerRig.withAda()
        rig.advance(.hours(12))
        let waiting = rig.getToken()
        try rig.answerWithSet(life: .seconds(8))
        #expect(rig.answer(to: waiting)?.generation == 2)
        rig.advance(.seconds(8))
        #expect(rig.answer(to: rig.getToken()) == nil)
    }

    @Test func `a span of the whole life or more is no reason to serve an expired token`() {
        var rig = SchedulerRig.withAda()
        rig.advance(.hours(12))
        let caller = rig.getToken(minValid: .tenYears)
        #expect(rig.answer(to: caller) == nil)
        #expect(rig.requests == 1)
    }

    @Test func `a good token is given at once while a refresh is running or failing`() throws {
        var rig = SchedulerRig.withAda()
        rig.run(.hours(11))
        #expect(rig.underWay.count == 1)
        let whileRunning = rig.getToken()
        #expect(rig.answer(to: whileRunning)?.generation == 1)
        #expect(rig.answer(to: whileRunning)?.degraded == nil)
        try rig.answer(.notSent(.unreachable))
        let whileFailing = rig.getToken()
        #expect(rig.answer(to: whileFailing)?.generation == 1)
        #expect(rig.answer(to: whileFailing)?.degraded?.failure == .unreachable)
    }

    // MARK: One flight

    @Test func `a thousand callers at the moment of expiry share one refresh and are answered once each`() throws {
        var rig = SchedulerRig.withAda()
        rig.advance(.hours(12))
        let callers = (0..<1000).map { _ in rig.getToken() }
        #expect(rig.requests == 1)
        #expect(rig.answers.isEmpty)
        try rig.answerWithSet()
        for caller in callers { #expect(rig.answer(to: caller)?.generation == 2) }
        #expect(rig.requests == 1)
        rig.run(.minutes(10))
        #expect(rig.answers.count == 1000)
        #expect(rig.answers.values.allSatisfy { $0.count == 1 })
    }

    @Test func `callers join the flight that began before them`() throws {
        var rig = SchedulerRig.withAda()
        rig.run(.hours(11))
        let caller = rig.getToken(minValid: .hours(2))
        #expect(rig.requests == 1)
        try rig.answerWithSet()
        #expect(rig.answer(to: caller)?.generation == 2)
    }

    @Test func `a login behind a refused refresh belongs to the same wait`() throws {
        var rig = SchedulerRig.withAda()
        rig.advance(.hours(12))
        let caller = rig.getToken()
        try rig.answer(.refused(.refusal))
        #expect(rig.answer(to: caller) == nil)
        #expect(rig.underWay.map(\.operation) == [.login])
        try rig.answerWithSet()
        #expect(rig.answer(to: caller)?.generation == 2)
    }

    @Test func `callers get the new set though it could not be saved, marked as degraded`() throws {
        var rig = SchedulerRig.withAda()
        rig.advance(.hours(12))
        let caller = rig.getToken()
        rig.storeFailure = .diskFull
        try rig.answerWithSet()
        #expect(rig.answer(to: caller)?.generation == 2)
        #expect(rig.answer(to: caller)?.degraded?.failure == .diskFull)
        #expect(rig.scheduler.isStorageFailing)
        rig.storeFailure = nil
        rig.run(.minutes(5))
        #expect(!rig.scheduler.isStorageFailing)
        #expect(rig.requests == 1)
    }

    @Test func `callers learn that the store failed where no token is left`() {
        var rig = SchedulerRig.withAda()
        rig.advance(.hours(12))
        rig.storeFailure = .diskFull
        let caller = rig.getToken(maxWait: Milliseconds(100))
        #expect(rig.answer(to: caller)?.failure?.failure == .diskFull)
        #expect(rig.requests == 0)
    }

    // MARK: Deadlines

    @Test func `a caller whose time runs out during a flight gets the best token, marked as degraded`() throws {
        var rig = SchedulerRig.withAda()
        rig.advance(.hours(11))
        let caller = rig.getToken(minValid: .hours(2), maxWait: .seconds(3))
        rig.wake()
        #expect(rig.scheduler.nextDeadline == rig.now.boot + .seconds(3))
        rig.run(.seconds(3) - 1)
        #expect(rig.answer(to: caller) == nil)
        rig.run(1)
        #expect(rig.answer(to: caller)?.generation == 1)
        #expect(rig.answer(to: caller)?.degraded?.failure.code == .upstreamUnavailable)
        // The flight is the daemon's own: it goes on.
        try rig.answerWithSet()
        #expect(try rig.ada.tokens.generation == 2)
    }

    @Test func `a caller whose time runs out during a flight with no token left gets a timeout`() {
        var rig = SchedulerRig.withAda()
        rig.advance(.hours(12))
        let caller = rig.getToken(maxWait: .seconds(3))
        rig.run(.seconds(3))
        #expect(rig.answer(to: caller)?.isTimeout == true)
    }

    @Test func `a token that runs out while its caller waits is not served`() {
        var rig = SchedulerRig.withAda()
        rig.advance(.hours(12) - .seconds(2))
        let caller = rig.getToken(maxWait: .seconds(3))
        rig.run(.seconds(3))
        #expect(rig.answer(to: caller)?.isTimeout == true)
    }

    @Test func `no time to wait at all is an answer at once`() {
        var rig = SchedulerRig.withAda()
        rig.advance(.hours(12))
        let caller = rig.getToken(maxWait: 0)
        #expect(rig.answer(to: caller)?.isTimeout == true)
        #expect(rig.requests == 1)
    }

    @Test func `callers with different times get their answers in that order`() {
        var rig = SchedulerRig.withAda()
        rig.advance(.hours(12))
        let callers = [5, 1, 3].map { rig.getToken(maxWait: .seconds($0)) }
        rig.wake()
        for (second, due) in [(1, 1), (3, 2), (5, 0)] as [(Int64, Int)] {
            #expect(rig.scheduler.nextDeadline == Moment.start.boot + .hours(12) + .seconds(second))
            rig.run(.seconds(second) - (rig.now.boot - (Moment.start.boot + .hours(12))))
            #expect(rig.answer(to: callers[due])?.isTimeout == true)
        }
    }

    // MARK: Failures

    @Test func `a failed refresh gives a short token at once, marked as degraded`() throws {
        var rig = SchedulerRig.withAda()
        rig.run(.hours(11))
        let caller = rig.getToken(minValid: .hours(2))
        try rig.answer(.ambiguous(.broken, unread: nil))
        #expect(rig.answer(to: caller)?.generation == 1)
        #expect(rig.answer(to: caller)?.degraded?.failure == .broken)
        #expect(rig.answer(to: caller)?.degraded?.retryAt == rig.scheduler.nextDeadline.map(rig.now.wall(at:)))
    }

    @Test func `with no token and no attempt within its time a caller learns at once why`() throws {
        var rig = SchedulerRig.withAda()
        rig.advance(.hours(12))
        let first = rig.getToken()
        try rig.answer(.notSent(.throttled(.minutes(10))))
        #expect(rig.answer(to: first)?.failure?.failure.retryAfter == .minutes(10))
        #expect(rig.answer(to: first)?.failure?.retryAt == rig.now.wall + .minutes(10))
        let second = rig.getToken()
        #expect(rig.answer(to: second)?.failure != nil)
        #expect(rig.requests == 1)
    }

    @Test func `with no token a caller waits for an attempt within its time`() throws {
        var rig = SchedulerRig.withAda()
        rig.advance(.hours(12))
        let caller = rig.getToken()
        try rig.answer(.notSent(.unreachable))
        #expect(rig.answer(to: caller) == nil)
        rig.run(.seconds(1))
        #expect(rig.requests == 2)
        try rig.answerWithSet()
        #expect(rig.answer(to: caller)?.generation == 2)
    }

    @Test func `a caller is never told of a timeout while nothing is under way`() throws {
        var rig = SchedulerRig.withAda()
        rig.advance(.hours(12))
        let caller = rig.getToken(maxWait: .seconds(20))
        let end = rig.now.boot + .seconds(20)
        while rig.answer(to: caller) == nil, let next = rig.scheduler.nextDeadline, next <= end {
            if !rig.underWay.isEmpty { try rig.answer(.notSent(.unreachable)) } else { rig.run(next - rig.now.boot) }
        }
        #expect(rig.answer(to: caller)?.failure?.failure == .unreachable)
    }

    @Test func `what needs a person is said at once, and what is left of the token is served`() throws {
        var rig = SchedulerRig.withAda(password: .none)
        rig.run(.hours(11))
        try rig.answer(.refused(.refusal))
        let served = rig.getToken()
        #expect(rig.answer(to: served)?.degraded?.failure.code == .loginRequired)
        let short = rig.getToken(minValid: .hours(3))
        #expect(rig.answer(to: short)?.degraded?.failure.code == .loginRequired)
        rig.run(.hours(1))
        let late = rig.getToken()
        #expect(rig.answer(to: late)?.failure?.failure.code == .loginRequired)
        #expect(rig.requests == 1)
    }

    @Test func `an account that does not exist is unknown`() {
        var rig = SchedulerRig.withAda()
        let callers = [rig.getToken(.named("nobody")), rig.refresh(.named("nobody"))]
        for caller in callers { #expect(rig.answer(to: caller)?.isUnknownAccount == true) }
    }

    // MARK: While a caller waits

    @Test func `while callers wait what was not sent is tried every ten seconds at least`() throws {
        var rig = SchedulerRig.withAda()
        rig.advance(.hours(12))
        for _ in 0..<12 {
            try rig.runToNextDeadline()
            try rig.answer(.notSent(.unreachable))
        }
        let caller = rig.getToken(maxWait: .minutes(2))
        var times: [BootTime] = [rig.now.boot]
        while rig.answer(to: caller) == nil {
            try rig.runToNextDeadline()
            if !rig.underWay.isEmpty {
                times.append(rig.now.boot)
                try rig.answer(.notSent(.unreachable))
            }
        }
        #expect(times.count >= 12)
        for (a, b) in zip(times, times.dropFirst()) { #expect(b - a <= .seconds(10)) }
        #expect(rig.answer(to: caller)?.failure?.failure == .unreachable)
    }

    @Test func `callers that come and go cause no more than twelve requests in the first five minutes`() throws {
        var rig = SchedulerRig.withAda(password: .none)
        rig.advance(.hours(12))
        for _ in 0..<300 {
            rig.getToken(maxWait: Milliseconds(500))
            rig.run(.seconds(1))
            while !rig.underWay.isEmpty { try rig.answer(.ambiguous(.broken, unread: nil)) }
        }
        #expect(rig.requests <= 12)
        let before = rig.requests
        for _ in 0..<1200 {
            rig.getToken(maxWait: .seconds(2))
            rig.run(.seconds(3))
            while !rig.underWay.isEmpty { try rig.answer(.ambiguous(.broken, unread: nil)) }
        }
        #expect(rig.requests - before <= 40)
        #expect(rig.answers.values.allSatisfy { $0.count == 1 })
    }
}
