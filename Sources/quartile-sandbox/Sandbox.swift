/// The whole API behind one door, apart from HTTP: judges requests, keeps the log, lets faults strike.
///
/// A request comes in two steps: `arrive` writes it into the log and picks its fault, `process` does what it asks for.
/// Whoever carries it waits in between, and before sending, as long as `Hold` says.
actor Sandbox {
    /// How long an exchange rests.
    enum Hold: Equatable, Sendable {
        case none
        case seconds(Double)
        /// Until the fault with this id is deleted.
        case untilCleared(Int)
    }

    /// How an answer goes out.
    enum Delivery: Equatable, Sendable {
        case whole
        case reset
        case close
        case truncated(bytes: Int?)
        case dripping(Double)
        case endless
    }

    /// A request that has arrived.
    struct Ticket: Sendable {
        let n: Int
        let request: AuthRequest
        let fault: Fault?
        /// The rest before processing.
        let hold: Hold
        fileprivate let faultID: Int
        fileprivate let record: CallRecord
    }

    /// An answer and how to send it.
    struct Reply: Sendable {
        var answer: Answer
        var delivery = Delivery.whole
        /// Rests before sending, one after the other.
        var holds: [Hold] = []
        /// The server's time at the moment of the answer, for the `Date` header.
        var serverTime: Double
    }

    private(set) var authority: TokenAuthority
    private(set) var faults = FaultBook()
    private(set) var calls: [CallRecord] = []
    /// The number of the record before the first in `calls`.
    private var firstRecord = 0

    init(settings: SandboxSettings) {
        authority = TokenAuthority(settings: settings)
    }

    /// Takes a request in.
    func arrive(_ request: AuthRequest, now: Double) -> Ticket {
        let n = firstRecord + calls.count + 1
        let call = request.endpoint?.call ?? .other
        var record = CallRecord(n: n, at: now, version: request.endpoint?.version, call: call, line: request.line)
        identify(request, in: &record)
        let entry = faults.strike(call: call, version: record.version, username: record.username)
        record.fault = entry?.fault.kind
        calls.append(record)
        var hold = Hold.none
        if let entry, entry.fault.moment == .before { hold = rest(entry.fault, id: entry.id) ?? .none }
        return Ticket(n: n, request: request, fault: entry?.fault, hold: hold, faultID: entry?.id ?? 0, record: record)
    }

    /// Does what a request asks for. Throws if a token can't be signed.
    func process(_ ticket: Ticket, now: Double) throws -> Reply {
        var record = ticket.record
        let replacing = ticket.fault.map { $0.moment == .before && rest($0, id: 0) == nil } ?? false
        var answer: Answer
        if replacing {
            record.outcome = .notProcessed
            answer = .gateway(503, "Service unavailable")
        } else {
            var shape = authority.settings.shape
            if let fault = ticket.fault, case .reshape(let change) = fault.action { shape.apply(change) }
            // In place: a copy of the authority would cost every request the size of all users.
            answer = try RequestJudge(shape: shape, now: now)
                .answer(ticket.request, in: &authority, record: &record)
        }
        var reply = Reply(answer: answer, serverTime: now + authority.settings.clockSkew)
        if let fault = ticket.fault {
            spoil(&reply, with: fault)
            if fault.moment == .after, let hold = rest(fault, id: ticket.faultID) { reply.holds.append(hold) }
        }
        if authority.settings.latency > 0 { reply.holds.append(.seconds(authority.settings.latency)) }
        switch reply.delivery {
        case .reset, .close: record.status = nil
        case .whole, .truncated, .dripping, .endless: record.status = reply.answer.status
        }
        // It is gone from the log where that was cleared since the request arrived.
        let index = ticket.n - firstRecord - 1
        if calls.indices.contains(index) { calls[index] = record }
        return reply
    }

    /// Whether a call held back by this fault must still wait.
    func holds(_ faultID: Int) -> Bool { faults.stands(faultID) }

    /// Adds a fault and says its id.
    func add(_ fault: Fault) -> Int { faults.add(fault) }

    /// Removes one fault, or all, and lets go what they hold back. Says how many there were.
    func removeFaults(_ id: Int? = nil) -> Int { faults.remove(id) }

    /// Empties the log; numbers go on counting.
    func clearCalls() -> Int {
        let count = calls.count
        firstRecord += count
        calls.removeAll()
        return count
    }

    /// Changes users, families and settings in one step.
    func update<Result: Sendable>(_ change: @Sendable (inout TokenAuthority) throws -> Result) rethrows -> Result {
        try change(&authority)
    }

    private func identify(_ request: AuthRequest, in record: inout CallRecord) {
        var position: TokenAuthority.Position?
        switch request.content {
        case .credentials(let username, _):
            record.username = username
        case .token(let token) where request.endpoint?.call == .refresh:
            let fingerprint = TokenFingerprint(of: token)
            record.fingerprint = fingerprint
            record.isRefreshToken = true
            position = authority.position(ofRefreshToken: fingerprint)
        case .token, .none:
            guard let token = request.accessToken else { break }
            record.fingerprint = TokenFingerprint(of: token)
            position = record.fingerprint.flatMap { authority.position(ofAccessToken: $0) }
        case .malformed:
            record.isBodySound = false
        }
        if let position {
            record.username = authority.family(position.family).username
            record.family = position.family
            record.generation = position.generation
        }
    }

    private func rest(_ fault: Fault, id: Int) -> Hold? {
        switch fault.action {
        case .hang: .untilCleared(id)
        case .delay(let seconds): .seconds(seconds)
        case .answer, .reset, .close, .truncate, .drip, .endless, .reshape, .replaceBody: nil
        }
    }

    private func spoil(_ reply: inout Reply, with fault: Fault) {
        switch fault.action {
        case .answer(let answer, let retryAfter):
            reply.answer = answer
            if let retryAfter {
                let value =
                    retryAfter.isDate
                    ? CivilTime.httpDate(reply.serverTime + retryAfter.seconds)
                    : JSONValue.text(of: retryAfter.seconds)
                reply.answer.headers.append(Answer.Header(name: "Retry-After", value: value))
            }
        case .reset: reply.delivery = .reset
        case .close: reply.delivery = .close
        case .truncate(let bytes): reply.delivery = .truncated(bytes: bytes)
        case .drip(let interval): reply.delivery = .dripping(interval)
        case .endless:
            reply.answer.status = 201
            reply.delivery = .endless
        case .replaceBody(let text):
            reply.answer.status = 201
            reply.answer.body = Array(text.utf8)
        case .hang, .delay, .reshape:
            break
        }
    }
}
