/// How often the daemon may log in by itself.
///
/// Two limits, both by wall time so that they outlive a restart:
///
/// - `perHour` logins in any hour, counting those that the API answered and those that a crash cut off.
/// - From the third round within an hour in which the API refused a refresh token that was never spent, the next login
///   waits: somebody else uses this login, and two programs that log in against each other end in a ban.
///
/// | such rounds in a row | 1 | 2 | 3 | 4 | 5 | 6 | 7 | from the 8th |
/// | --- | --- | --- | --- | --- | --- | --- | --- | --- |
/// | the next login waits | 0 | 0 | 1 min | 2 min | 4 min | 8 min | 16 min | 30 min |
public struct LoginBudget: Sendable {
    /// How many logins an hour are allowed.
    public var perHour: Int
    private var logins: [Stamp] = []
    private var rounds: [Stamp] = []

    private struct Stamp: Sendable {
        var at: UnixTime
        /// As an earlier process wrote it down; nil where this one saw it happen.
        var written: UnixTime?

        /// It stays as long ago as it was. What was read is never younger than what is written says: the clock may have
        /// been wrong since the start of the machine, and is put right.
        mutating func clockWasSet(by step: Milliseconds) { at = min(at + step, written ?? at + step) }
    }

    private static let hour = Milliseconds.hours(1)

    /// A budget of which `recent` has used its part already.
    public init(perHour: Int, recent: [HistoryEntry] = []) {
        self.perHour = perHour
        for entry in recent { remember(entry) }
    }

    /// Counts a login that the API answered.
    public mutating func countLogin(at time: UnixTime) {
        forgetWhatIsOver(at: time)
        logins.append(Stamp(at: time))
    }

    /// Counts a round in which a refresh token was refused though it was never spent.
    public mutating func countRefusalOfUnspent(at time: UnixTime) {
        forgetWhatIsOver(at: time)
        rounds.append(Stamp(at: time))
    }

    /// Counts what an earlier process wrote down. By a clock that was set since, lines of one hour may be in any order, so
    /// no login is taken to be over by the time of another.
    mutating func remember(_ entry: HistoryEntry) {
        let stamp = Stamp(at: entry.at, written: entry.at)
        if entry.countsAgainstLoginBudget { logins.append(stamp) }
        if entry.result == .refusedUnspent {
            forgetRounds(at: entry.at)
            rounds.append(stamp)
        }
    }

    /// How many refusals of an unspent refresh token follow each other.
    public var refusalsOfUnspent: Int { rounds.count }

    /// When the next login is allowed; `now` or earlier means at once.
    public mutating func nextLogin(at now: UnixTime) -> UnixTime {
        forgetWhatIsOver(at: now)
        var next = now
        if logins.count >= perHour {
            // Where nothing is allowed at all there is no login to wait out.
            let holding = perHour > 0 ? logins.map(\.at).sorted()[logins.count - perHour] : now
            next = holding + LoginBudget.hour
        }
        if let last = rounds.map(\.at).max() { next = max(next, last + delay) }
        return next
    }

    /// The wall clock was set forward by `step`, or back where that is negative. A budget that is nearly over would begin
    /// anew otherwise with a clock that is set back.
    mutating func clockWasSet(by step: Milliseconds) {
        for index in logins.indices { logins[index].clockWasSet(by: step) }
        for index in rounds.indices { rounds[index].clockWasSet(by: step) }
    }

    private mutating func forgetWhatIsOver(at now: UnixTime) {
        // A clock that was set back would hold logins until it has caught up, for years if need be: what it shows as
        // yet to come is taken to have just been.
        for index in logins.indices { logins[index].at = min(logins[index].at, now) }
        for index in rounds.indices { rounds[index].at = min(rounds[index].at, now) }
        logins.removeAll { now - $0.at >= LoginBudget.hour }
        forgetRounds(at: now)
    }

    private mutating func forgetRounds(at now: UnixTime) {
        // Three rounds within an hour start the waits; from then on a round continues them if it comes within an hour
        // after the wait before it, or long waits would talk themselves out of existence.
        if rounds.count < 3 {
            rounds.removeAll { now - $0.at > LoginBudget.hour }
        } else if let last = rounds.map(\.at).max(), now - last > LoginBudget.hour + delay {
            rounds.removeAll()
        }
    }

    private var delay: Milliseconds {
        rounds.count < 3 ? 0 : min(.minutes(30), .minutes(1 << Int64(min(rounds.count, 8) - 3)))
    }
}
