@testable import QuartileCore

// MARK: - Callers

extension Simulation {
    mutating func call(_ name: AccountName, count: Int) {
        guard isUp else { return }
        for _ in 0..<count where breach == nil {
            lastCaller += 1
            let kind = random.next() % 12
            let longest = kind < 2 ? Milliseconds.minutes(10) : chance(8) ? 0 : span(1, .seconds(30))
            let deadline = now.boot + longest
            callers[lastCaller] = Caller(account: name, deadline: deadline, isForced: kind < 2)
            let (answer, effects) =
                switch kind {
                case 0: force(name, until: deadline)
                case 1: reject(name, until: deadline)
                default: ask(name, until: deadline)
                }
            if let answer { answered(lastCaller, answer) }
            take(effects)
        }
    }

    private mutating func force(
        _ name: AccountName,
        until deadline: BootTime
    ) -> (RefreshScheduler.Answer?, RefreshScheduler.Effects) {
        note("refresh is called", name)
        accounts[name]?.tries = []
        return scheduler.refresh(name, waiter: lastCaller, deadline: deadline, now: now)
    }

    private mutating func reject(
        _ name: AccountName,
        until deadline: BootTime
    ) -> (RefreshScheduler.Answer?, RefreshScheduler.Effects) {
        let newest = scheduler[name]?.tokens.generation ?? 1
        let rejected = chance(3) ? newest - 1 : newest
        note("a token is rejected, of generation", name, rejected)
        let (answer, effects) = scheduler.reject(
            name,
            .generation(rejected),
            waiter: lastCaller,
            deadline: deadline,
            now: now
        )
        switch answer {
        case nil: return (nil, effects)
        case .refresh(let answer): return (answer, effects)
        case .unknownAccount: return (.unknownAccount, effects)
        case .alreadyReplaced, .tooSoon:
            require(effects.actions.isEmpty, .answers, "\(name) is refreshed for a token that is not to be replaced")
            callers[lastCaller] = nil
            return (nil, effects)
        }
    }

    private mutating func ask(
        _ name: AccountName,
        until deadline: BootTime
    ) -> (RefreshScheduler.Answer?, RefreshScheduler.Effects) {
        let minValid: Milliseconds? = chance(2) ? nil : span(.seconds(1), .hours(13))
        let seen = sabotage == .answersByASlowClock ? now + .hours(-2) : now
        let (answer, effects) = scheduler.getToken(
            name,
            minValid: minValid,
            waiter: lastCaller,
            deadline: deadline,
            now: seen
        )
        if answer == nil, let tokens = scheduler[name]?.tokens,
            tokens.generation == accounts[name]?.held
        {
            let wanted = minValid ?? min(.seconds(60), tokens.set.life / 10)
            require(
                tokens.remaining(at: now) < max(1, wanted),
                .answers,
                "\(name) makes a caller wait who asked for \(wanted.count) ms"
            )
        }
        return (answer, effects)
    }
}
