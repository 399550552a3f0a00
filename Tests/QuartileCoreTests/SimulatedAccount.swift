@testable import QuartileCore

/// The API's side of one account, and what the daemon has learned and promised of it: what it is judged by.
struct SimulatedAccount {
    var server: SimulationServer
    /// The account as the daemon holds it in memory.
    var inMemory: Account?

    /// The newest generation that a caller got.
    var served: Generation = 0
    /// The newest generation whose commit was reported to have worked.
    var acknowledged: Generation = 0
    /// The newest generation that this process has held.
    var held: Generation = 0
    /// A received set could not be saved, as the daemon was told.
    var isUnsaved = false
    /// A set that the user brought was found written though its commit failed.
    var isUnconfirmed = false
    /// The user's wish to remove the account may be on the disk already.
    var isLeaving = false
    /// How many requests of this process are under way.
    var underWay = 0
    private(set) var tokens: [Lore] = []

    /// Logins of the daemon that the API answered, in the last hour.
    private(set) var answeredLogins: [Stamp] = []
    /// Logins that the API answered or a crash cut off.
    private var budgetedLogins: [Stamp] = []
    /// When requests were sent since something last changed for the better, or somebody asked for one.
    var tries: [Milliseconds] = []
    /// Refusals of a refresh token that had never been spent, in the last hour.
    private(set) var refusals: [Stamp] = []
    /// How many of those follow each other, generously counted.
    private(set) var refusalsInARow = 0
    var rejectedPassword: String?
    /// By when the account has to be active.
    var recoverBy: Milliseconds?
    /// The server rotated, or revoked, and what it issued instead is not saved: a login without a password may be lost.
    var mayBeLost = false
    /// The user will see to an account that needs a login.
    var isNoticed = false

    /// Something that the daemon remembers by its wall clock.
    struct Stamp {
        /// When it was in truth.
        var time: Milliseconds
        /// What is written down.
        var written: UnixTime
        /// An earlier process counted it, and this one has only what is written down.
        var wasRead = false
    }

    /// What is known of a refresh token that was sent.
    struct Lore {
        let token: String
        /// It was sent, and nobody said that it was not acted on.
        var mayBeSpent = false
        /// A success came for it that could not be read.
        var isKnownSpent = false
        /// How often it was sent since.
        var replays = 0
        /// It was refused, or its successor was received: never to be sent again.
        var isOver = false
    }

    init(server: SimulationServer) { self.server = server }

    func lore(of token: String) -> Lore { tokens.last { $0.token == token } ?? Lore(token: token) }

    mutating func keep(_ lore: Lore) {
        if let index = tokens.lastIndex(where: { $0.token == lore.token }) {
            tokens[index] = lore
        } else {
            if tokens.count >= 8 { tokens.removeFirst() }
            tokens.append(lore)
        }
    }

    /// The account is removed, or begins anew.
    mutating func forget() {
        self = SimulatedAccount(server: server)
    }

    /// A new process begins: it knows what the disk kept.
    mutating func begin(with row: StoredAccount) {
        (held, tries) = (0, [])
        // An account that was removed may come back, if that was not synced.
        if acknowledged == 0 { mayBeLost = true }
        (isUnsaved, isUnconfirmed, isLeaving, underWay) = (false, false, false, 0)
        served = min(served, row.tokens.generation)
        rejectedPassword = row.password == .rejected ? row.account.password?.reveal() : nil
        inMemory = row.account
        var lore = lore(of: row.tokens.set.refreshToken.reveal())
        lore.isKnownSpent = row.refreshToken == .spent || row.refreshToken == .replayed
        lore.replays = row.refreshToken == .replayed ? 1 : 0
        lore.isOver = row.refreshToken == .refused
        if row.openIntent?.operation == .refresh || row.refreshToken != .unspent {
            lore.mayBeSpent = true
        }
        keep(lore)
    }

    /// An older state of the store takes the place of what was there: nothing that came after counts.
    mutating func rewind(to row: StoredAccount) {
        (served, acknowledged) = (row.tokens.generation, row.tokens.generation)
        tokens = []
        // What of this the budget has to hold is not to be told any more from what it may have forgotten.
        (answeredLogins, refusals) = ([], [])
        mayBeLost = true
    }

    /// What a daemon that starts finds of the login budget. What lies far ahead, since the clock was set back, it can't
    /// know to have just been.
    mutating func begin(recent: [HistoryEntry], intent: Intent?, time: Milliseconds, wall: UnixTime) {
        for index in answeredLogins.indices { answeredLogins[index].wasRead = true }
        seeClock(time: time, wall: wall)
        for login in recent where login.countsAgainstLoginBudget {
            guard !budgetedLogins.contains(where: { $0.written == login.at }) else { continue }
            budgetedLogins.append(Stamp(time: time - max(0, wall - login.at), written: login.at))
        }
        // A login that a crash cut off is written down anew, as of now.
        if let intent, intent.operation == .login, let last = answeredLogins.indices.last,
            answeredLogins[last].written >= intent.at
        {
            answeredLogins[last].written = wall
        }
        answeredLogins.removeAll { $0.written - wall > .hours(2) }
        refusals.removeAll { refusal in
            !recent.contains { $0.result == .refusedUnspent && $0.at == refusal.written }
        }
    }

    /// The wall clock was set, or read anew after a boot: what is over by it is over.
    mutating func seeClock(time: Milliseconds, wall: UnixTime) {
        // How long ago a login was is what the wall clock says, to who has only that.
        for index in answeredLogins.indices where answeredLogins[index].wasRead {
            let age = wall - answeredLogins[index].written
            answeredLogins[index].time = min(answeredLogins[index].time, time - age)
        }
        answeredLogins.removeAll { wall - $0.written >= .hours(1) }
        refusals.removeAll { wall - $0.written >= .hours(1) }
    }

    /// The API refused a refresh token that had never been spent.
    mutating func countRefusal(_ stamp: Stamp) {
        let last = refusals.last?.time ?? 0
        refusalsInARow = stamp.time - last < .hours(2) ? refusalsInARow + 1 : 1
        refusals.removeAll { stamp.time - $0.time >= .hours(2) }
        refusals.append(stamp)
    }

    /// A login was answered, or cut off.
    mutating func countLogin(_ stamp: Stamp, wasAnswered: Bool) {
        answeredLogins.removeAll { stamp.time - $0.time >= .hours(1) }
        if wasAnswered { answeredLogins.append(stamp) }
        budgetedLogins.append(stamp)
        if budgetedLogins.count > 200 { budgetedLogins.removeFirst(100) }
    }
}

extension SimulatedAccount {
    /// How long the login budget may hold the next login back, if the newest refresh token is refused as well.
    ///
    /// What was counted before a restart is known by the wall clock alone. If that was set since, the hour of such a login
    /// may begin anew, once.
    func longestBudgetWait(
        time: Milliseconds,
        wall: UnixTime,
        perHour: Int,
        clockWasSet: Bool
    ) -> Milliseconds {
        let waits = budgetedLogins.map { login in
            let byTruth = Milliseconds.hours(clockWasSet ? 3 : 1) - (time - login.time)
            let byWall = Milliseconds.hours(1) - max(0, wall - login.written)
            return max(byTruth, byWall)
        }
        let left = waits.filter { $0 > 0 }.sorted()
        let exact = left.count >= perHour ? left[left.count - perHour] : 0
        let forLogins = clockWasSet && exact > 0 ? .hours(2) : exact
        let rounds = refusalsInARow + 1
        let forRefusals: Milliseconds =
            rounds < 3 ? 0 : min(.minutes(30), .minutes(1 << Int64(min(rounds, 8) - 3)))
        return max(forLogins, forRefusals)
    }
}
