@testable import QuartileCore

/// True time, which the API goes by, and the two clocks of the machine that the daemon goes by.
struct SimulationClock {
    /// Milliseconds that have truly passed.
    var time = Milliseconds.hours(1)
    /// When the machine was started.
    private(set) var bootedAt = Milliseconds(0)
    /// Counts the machine's starts.
    private(set) var boot = 1
    /// How far ahead of the truth the wall clock is.
    var skew = Milliseconds(0)

    private static let epoch = UnixTime(seconds: 1_750_000_000)

    /// What the daemon reads.
    var now: Moment {
        Moment(
            wall: SimulationClock.epoch + time + skew,
            boot: BootTime(milliseconds: (time - bootedAt).count)
        )
    }

    /// What a wall clock that is right shows at the true `time`.
    static func wall(at time: Milliseconds) -> UnixTime { epoch + time }

    /// When the boot clock shows `boot`.
    func time(of boot: BootTime) -> Milliseconds { bootedAt + Milliseconds(boot.milliseconds) }

    /// The machine is started anew, a few seconds ago.
    mutating func reboot() {
        bootedAt = time - .seconds(5)
        boot += 1
    }
}

/// What is going to happen, and when.
struct SimulationAgenda {
    struct Item {
        var time: Milliseconds
        var what: Simulation.Occurrence
    }

    private(set) var items: [Item] = []

    /// When the next thing happens.
    var nextTime: Milliseconds? { next.map { items[$0].time } }

    mutating func add(_ what: Simulation.Occurrence, at time: Milliseconds) {
        items.append(Item(time: time, what: what))
    }

    mutating func removeNext() -> Simulation.Occurrence? { next.map { items.remove(at: $0).what } }

    mutating func keep(_ isKept: (Simulation.Occurrence) -> Bool) {
        items.removeAll { !isKept($0.what) }
    }

    /// While the machine sleeps nothing happens; all that was due comes soon after it wakes.
    mutating func sleep(until end: Milliseconds) {
        for index in items.indices where items[index].time < end {
            items[index].time = end + Milliseconds(Int64(index) * 100)
        }
    }

    /// The first of those that come first.
    private var next: Int? {
        guard var first = items.indices.first else { return nil }
        for index in items.indices where items[index].time < items[first].time { first = index }
        return first
    }
}
