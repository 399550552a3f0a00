@testable import QuartileCore

/// A whole daemon's worth of accounts against a model of the world, all of it from one seed: clocks that jump, requests
/// and answers that are lost, commits that fail, processes that end anywhere. The machines and the scheduler are the
/// real ones. After every step the promises are checked; the first that is broken ends the run.
struct Simulation {
    let seed: UInt64
    var random: SplitMix64
    var scheduler: RefreshScheduler
    var store = SimulationStore()
    var servers: [AccountName: SimulationServer] = [:]
    /// What was begun and has not ended yet.
    var pending: [Pending] = []

    /// Milliseconds that have truly passed.
    var time = Milliseconds.hours(1)
    /// When the machine was started, in true time.
    var bootedAt = Milliseconds(0)
    /// How wrong the wall clock is.
    var skew = Milliseconds(0)
    /// Whether the clock was ever wrong since the accounts began: what was issued then can't be judged after a reboot.
    var clockWasWrong = false
    var storeIsDown = false
    var networkIsDown = false
    /// Nothing more goes wrong by chance.
    var isCalm = false
    var serial = 0

    // What the promises are checked against.
    var callers: [RefreshScheduler.WaiterID: Caller] = [:]
    var lastCaller: RefreshScheduler.WaiterID = 0
    var served: [AccountName: Generation] = [:]
    var unsaved: Set<AccountName> = []
    var knownRefused: Set<String> = []
    var knownSpent: Set<String> = []
    var replays: [String: Int] = [:]
    var counts = Counts()
    /// The first promise that was broken.
    var broken: String?

    enum Pending {
        case commit(StoreChange, Flight)
        case request(Flight, presented: String, sent: Moment)
        case response(Flight, presented: String, Outcome)
        case userLogin(AccountName)
    }

    struct Caller {
        var account: AccountName
        var deadline: BootTime
    }

    /// What happened, to show that a run was worth its time.
    struct Counts: Equatable {
        var steps = 0
        var requests = 0
        var sets = 0
        var refusals = 0
        var lost = 0
        var unread = 0
        var failedCommits = 0
        var crashes = 0
        var answers = 0
        var tokens = 0
        var loginRequired = 0
    }

    /// Four accounts on servers of all modes, the last with no stored password.
    init(seed: UInt64) {
        self.seed = seed
        random = SplitMix64(seed: seed)
        scheduler = RefreshScheduler(policy: RefreshPolicy(margin: .minutes(10)), loginsPerHour: 12)
        for (index, text) in ["ada", "bob", "cy", "di"].enumerated() {
            let mode = SimulationServer.Mode.allCases[(index + Int(seed % 3)) % 3]
            let name = AccountName.named(text)
            servers[name] = SimulationServer(mode: mode, password: "password-0")
            logInByUser(name, remember: index < 3, mayFail: false)
        }
    }

    static let epoch = UnixTime(seconds: 1_750_000_000)

    var now: Moment {
        Moment(wall: Simulation.epoch + time + skew, boot: BootTime(milliseconds: (time - bootedAt).count))
    }

    /// Runs `steps` steps and then lets everything heal. Stops at the first broken promise.
    mutating func run(steps: Int) {
        for _ in 0..<steps where broken == nil {
            step()
            counts.steps += 1
            check()
        }
        if broken == nil { heal() }
    }

    /// True once in `n` times.
    mutating func chance(_ n: Int) -> Bool { Int.random(in: 0..<n, using: &random) == 0 }

    /// True once in `n` times, while things may go wrong.
    mutating func mishap(_ n: Int) -> Bool { !isCalm && chance(n) }

    mutating func span(_ range: ClosedRange<Int64>) -> Milliseconds { Milliseconds(.random(in: range, using: &random)) }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[.random(in: elements.indices, using: &random)]
    }

    /// Records a broken promise.
    mutating func require(_ holds: Bool, _ promise: @autoclosure () -> String) {
        if !holds, broken == nil { broken = "seed \(seed), step \(counts.steps): \(promise())" }
    }
}
