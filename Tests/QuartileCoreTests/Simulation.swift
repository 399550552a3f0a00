@testable import QuartileCore

/// A daemon's accounts against a model of the world, for years, all of it from one seed: clocks that jump, requests and
/// answers that get lost, disks that fail and forget, processes that end anywhere, users, callers. The machines and the
/// scheduler are the real ones. Time goes from one occurrence to the next. After every step the promises are checked;
/// the first that is broken ends the run.
struct Simulation {
    let seed: UInt64
    let climate: SimulationClimate
    let sabotage: SimulationSabotage?
    let isVerbose: Bool
    let names: [AccountName]
    let loginsPerHour: Int

    var random: SplitMix64
    var clock = SimulationClock()
    var agenda = SimulationAgenda()
    var weather = SimulationWeather()
    var disk = SimulationDisk()
    var backup: [AccountName: SimulationDisk.Row] = [:]
    var accounts: [AccountName: SimulatedAccount] = [:]
    /// Numbers every token.
    var serial = 0

    // The daemon.
    var scheduler: RefreshScheduler
    var isUp = false
    /// It was told to end, and sees to what is under way.
    var isStopping = false
    /// Counts the starts of the daemon: what began in an earlier one has nobody to come back to.
    var process = 0
    /// What is to be written, in order. The first is being written.
    var queue: [QueuedChange] = []
    /// Accounts that a login, import, update or logout by the user has for itself.
    var taken: Set<AccountName> = []
    /// What the API asked of each subscription key.
    var waits: [Secret: Wait] = [:]
    var callers: [RefreshScheduler.WaiterID: Caller] = [:]
    var lastCaller: RefreshScheduler.WaiterID = 0
    /// When the clock was last set, or the machine last woke from sleep, and the daemon may not have noticed yet.
    var unnoticedSince: Milliseconds?
    var lastClockStep = Milliseconds(0)
    /// Wakes with no time between them.
    var wakesInARow = 0
    /// What a saboteur answers again.
    var remembered: [AccountName: IssuedTokens] = [:]

    var counts = SimulationCounts()
    var trace = SimulationTrace()
    /// The first promise that was broken.
    var breach: SimulationBreach?

    /// What happens.
    enum Occurrence {
        case daemonStarts(reboots: Bool)
        case daemonStops
        case diskIsDone
        case requestArrives(Request)
        case answerArrives(Request, Outcome)
        /// A look at the clocks that no deadline asks for.
        case look
        case userBegins(UserAct)
        case userRequestArrives(UserAct)
        case userAnswerArrives(UserAct, SimulationServer.Answer?)
        case callerComes(AccountName)
        /// Calm turns into a storm, or a storm into calm.
        case weatherTurns
        /// Something goes wrong, in a storm.
        case gust
        /// Something happens, in calm.
        case breeze
        case clockIsSet(skew: Milliseconds)
        case userNotices(AccountName)
    }

    struct Request {
        var process: Int
        var flight: Flight
        var refreshToken: String
        var password: String
        /// What was known of the refresh token before.
        var before: SimulatedAccount.Lore
        var sent: Moment
        /// When that was in truth, and how wrong the wall clock was then.
        var time: Milliseconds
        var skew: Milliseconds
        var isFromStorm: Bool
    }

    struct QueuedChange {
        enum Origin {
            case flight(Flight)
            case user(UserAct)
        }

        var change: StoreChange
        var origin: Origin
    }

    struct Wait {
        var until: BootTime
        /// When the last account of the key goes on: they come back spread over a tenth of the wait.
        var returnsBy: BootTime
    }

    struct Caller {
        var account: AccountName
        var deadline: BootTime
        var isForced: Bool
    }

    init(
        seed: UInt64,
        climate: SimulationClimate? = nil,
        sabotage: SimulationSabotage? = nil,
        isVerbose: Bool = false
    ) {
        self.seed = seed
        self.sabotage = sabotage
        self.isVerbose = isVerbose
        random = SplitMix64(seed: seed)
        self.climate = climate ?? .of(seed: seed)
        loginsPerHour = seed % 3 == 0 ? 3 : 12
        names = ["ada", "bob", "cy", "di"].map(AccountName.named)
        scheduler = RefreshScheduler(policy: Simulation.policy, loginsPerHour: 12)
        for (index, name) in names.enumerated() {
            let mode = SimulationServer.Mode.allCases[(index + Int(seed % 3)) % 3]
            accounts[name] = SimulatedAccount(
                server: SimulationServer(mode: mode, password: "password-0")
            )
        }
        start(reboots: false)
        for name in names { agenda.add(.userNotices(name), at: clock.time) }
        agenda.add(.weatherTurns, at: clock.time + .hours(3))
        agenda.add(.breeze, at: clock.time + .hours(1))
    }

    static let policy = RefreshPolicy()
    var now: Moment { clock.now }

    /// Runs until `years` of true time are over or `steps` steps were made, or a promise is broken.
    mutating func run(years: Double, steps: Int = .max) {
        let end = clock.time + Milliseconds.year * years
        var left = steps
        while clock.time < end, left > 0, breach == nil {
            step()
            left -= 1
        }
    }

    private mutating func step() {
        counts.steps += 1
        let wake = isUp && !isStopping && !isStunned ? scheduler.nextDeadline.map { clock.time(of: $0) } : nil
        if let next = agenda.nextTime, wake.map({ next <= $0 }) ?? true {
            pass(to: next)
            if let what = agenda.removeNext() { happen(what) }
            wakesInARow = 0
        } else if let wake {
            wakesInARow = wake > clock.time ? 0 : wakesInARow + 1
            pass(to: wake)
            look()
        }
        check()
        if isUp, breach == nil, chance(weather.crashesOnceIn) {
            crash(losesPower: chance(4), for: span(.seconds(1), .minutes(1)))
        }
    }

    mutating func pass(to time: Milliseconds) {
        guard time > clock.time else { return }
        if isUp {
            counts.accountTime =
                counts.accountTime + (time - clock.time) * Double(scheduler.accounts.count)
        }
        clock.time = time
    }

    /// Whether a saboteur keeps the scheduler from being woken.
    private var isStunned: Bool {
        sabotage == .sleepsThroughBackoff && names.contains { scheduler[$0]?.lastError != nil }
    }

    private mutating func happen(_ what: Occurrence) {
        switch what {
        case .daemonStarts(let reboots): start(reboots: reboots)
        case .daemonStops: crash(losesPower: false, for: span(.seconds(1), .minutes(1)))
        case .diskIsDone: finishWriting()
        case .requestArrives(let request): arrive(request)
        case .answerArrives(let request, let outcome): deliver(request, outcome)
        case .look: look()
        case .userBegins(let act): begin(act)
        case .userRequestArrives(let act): arrive(act)
        case .userAnswerArrives(let act, let answer): deliver(act, answer)
        case .callerComes(let name): call(name, count: 1)
        case .weatherTurns: turnWeather()
        case .gust: gust()
        case .breeze: breeze()
        case .clockIsSet(let skew): setClock(skew)
        case .userNotices(let name): notice(name)
        }
    }
}

extension Milliseconds {
    /// 365 days.
    static let year = Milliseconds.hours(24 * 365)
    static func days(_ days: Int64) -> Milliseconds { .hours(24 * days) }
}

// MARK: - Chance

extension Simulation {
    /// True once in `n` times.
    mutating func chance(_ n: UInt64) -> Bool { random.next() % n == 0 }

    /// A span from `shortest` up to `longest`, of every order of magnitude as likely as of any other.
    mutating func span(_ shortest: Milliseconds, _ longest: Milliseconds) -> Milliseconds {
        var doublings: UInt64 = 0
        while shortest.count << Int64(doublings) < longest.count { doublings += 1 }
        let low = shortest.count << Int64(doublings == 0 ? 0 : random.next() % doublings)
        return min(longest, Milliseconds(low + Int64(random.next() % UInt64(max(1, low)))))
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int(random.next() % UInt64(elements.count))]
    }
}
