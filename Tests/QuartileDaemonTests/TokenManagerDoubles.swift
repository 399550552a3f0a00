import Logging
import QuartileCore
import Synchronization
import Testing

@testable import QuartileDaemon

/// A clock that stands still until it is told.
final class ManualClock: MomentSource {
    private let time = Mutex(
        Moment(wall: UnixTime(seconds: 1_800_000_000), boot: BootTime(milliseconds: 5_000_000))
    )

    func now() -> Moment { time.withLock { $0 } }
    func advance(by span: Milliseconds) { time.withLock { $0 = $0 + span } }
}

/// A timer that fires when the test says so.
final class ManualTimer: WakeTimer {
    private let handler = Mutex<(@Sendable () -> Void)?>(nil)
    private let armed = Mutex<Milliseconds?>(nil)

    func start(_ handler: @escaping @Sendable () -> Void) { self.handler.withLock { $0 = handler } }
    func arm(after delay: Milliseconds) { armed.withLock { $0 = delay } }

    /// The delay that was armed last.
    var delay: Milliseconds? { armed.withLock { $0 } }

    func fire() { handler.withLock { $0 }?() }
}

/// A store in memory that fails when it is told to.
final class MemoryTokenStore: TokenStore {
    struct Contents {
        var accounts: [AccountName: StoredAccount] = [:]
        var commits: [StoreChange] = []
        var failsOn: @Sendable (StoreChange) -> Bool = { _ in false }
    }

    private let contents = Mutex(Contents())

    var accounts: [AccountName: StoredAccount] { contents.withLock { $0.accounts } }
    var commits: [StoreChange] { contents.withLock { $0.commits } }

    func fail(on condition: @escaping @Sendable (StoreChange) -> Bool) { contents.withLock { $0.failsOn = condition } }
    func put(_ stored: StoredAccount) { contents.withLock { $0.accounts[stored.account.name] = stored } }

    func load(now: Moment) throws(StoreError) -> StoreContents {
        StoreContents(accounts: contents.withLock { Array($0.accounts.values) }, damaged: [])
    }

    func commit(_ changes: [StoreChange]) throws(StoreError) {
        let failed = contents.withLock { contents in
            if changes.contains(where: contents.failsOn) { return true }
            for change in changes { contents.apply(change) }
            return false
        }
        if failed { throw .failed("the disk is full") }
    }
}

extension MemoryTokenStore.Contents {
    mutating func apply(_ change: StoreChange) {
        commits.append(change)
        switch change {
        case .openIntent(let name, let intent, let refreshToken, _):
            accounts[name]?.openIntent = intent
            accounts[name]?.refreshToken = refreshToken
        case .saveTokens(let name, let tokens, _):
            accounts[name]?.tokens = tokens
            accounts[name]?.refreshToken = .unspent
            accounts[name]?.openIntent = nil
            accounts[name]?.lastError = nil
        case .recordFailure(let name, let refreshToken, let password, let unread, let entry, let told, let stayAway):
            accounts[name]?.refreshToken = refreshToken
            accounts[name]?.password = password
            accounts[name]?.unreadAnswer = unread
            accounts[name]?.openIntent = nil
            accounts[name]?.recent.append(entry)
            accounts[name]?.lastError = told
            accounts[name]?.stayAwayUntil = stayAway
        case .putAccount(let account, let password, let tokens, let entry):
            accounts[account.name] = StoredAccount(
                account: account,
                tokens: tokens,
                password: password,
                recent: [entry]
            )
        case .updateAccount(let account, let password, _):
            accounts[account.name]?.account = account
            accounts[account.name]?.password = password
        case .removeAccount(let name): accounts[name] = nil
        }
    }
}

/// An API whose every call waits until the test answers it.
final class ScriptedAPI: AuthAPI {
    enum Call: Sendable {
        case login(Account, CheckedContinuation<Outcome, Never>)
        case refresh(Secret, CheckedContinuation<Outcome, Never>)
        case validation(CheckedContinuation<Result<Bool, Failure>, Never>)
    }

    /// Another call came than the test expects.
    struct UnexpectedCall: Error {}

    private struct Queue {
        var count = 0
        var arrived: [Call] = []
        var waiting: CheckedContinuation<Call, Never>?
    }

    private let queue = Mutex(Queue())

    /// How many calls were made so far.
    var callsMade: Int { queue.withLock { $0.count } }

    /// The next call, which waits for its answer.
    private func nextCall() async -> Call {
        await withCheckedContinuation { waiting in
            queue.withLock { queue in
                if queue.arrived.isEmpty {
                    queue.waiting = waiting
                } else {
                    waiting.resume(returning: queue.arrived.removeFirst())
                }
            }
        }
    }

    /// The next call, which must be a login: its account, and what takes its answer.
    func nextLogin() async throws -> (Account, CheckedContinuation<Outcome, Never>) {
        guard case .login(let account, let answer) = await nextCall() else { throw UnexpectedCall() }
        return (account, answer)
    }

    /// The next call, which must be a refresh: its refresh token, and what takes its answer.
    func nextRefresh() async throws -> (Secret, CheckedContinuation<Outcome, Never>) {
        guard case .refresh(let refreshToken, let answer) = await nextCall() else { throw UnexpectedCall() }
        return (refreshToken, answer)
    }

    /// The next call, which must be a validation: what takes its answer.
    func nextValidation() async throws -> CheckedContinuation<Result<Bool, Failure>, Never> {
        guard case .validation(let answer) = await nextCall() else { throw UnexpectedCall() }
        return answer
    }

    private func arrive(_ call: Call) {
        queue.withLock { queue in
            queue.count += 1
            guard let waiting = queue.waiting.take() else { return queue.arrived.append(call) }
            waiting.resume(returning: call)
        }
    }

    func login(_ account: Account, username: String, password: Secret) async -> Outcome {
        await withCheckedContinuation { arrive(.login(account, $0)) }
    }

    func refresh(_ account: Account, refreshToken: Secret) async -> Outcome {
        await withCheckedContinuation { arrive(.refresh(refreshToken, $0)) }
    }

    func validate(_ account: Account, accessToken: Secret) async -> Result<Bool, Failure> {
        await withCheckedContinuation { arrive(.validation($0)) }
    }

    func readTokenSet(_ body: Secret, sent: Moment?, now: Moment) -> Result<TokenSet, Failure> {
        body.reveal() == "{}"
            ? .failure(Failure(.upstreamRejected, "holds no token"))
            : .success(.example(body.reveal(), from: now.wall))
    }
}

extension TokenSet {
    /// A set that lives for 12 h from `issued`; `name` tells it from others.
    static func example(_ name: String, from issued: UnixTime, life: Milliseconds = .hours(12)) -> TokenSet {
        TokenSet(
            accessToken: Secret("access-\(name)"),
            tokenType: "Bearer",
            refreshToken: Secret("refresh-\(name)"),
            issuedAt: issued,
            accessExpiresAt: issued + life,
            refreshExpiresAt: issued + .hours(14 * 24)
        )
    }
}

/// A token manager with everything around it under the test's control.
struct Bench {
    let store = MemoryTokenStore()
    let api = ScriptedAPI()
    let clock = ManualClock()
    let timer = ManualTimer()
    let jobs = BackgroundJobs()
    let manager: TokenManager

    init() {
        manager = TokenManager(
            store: store,
            api: api,
            clock: clock,
            timer: timer,
            jobs: jobs,
            policy: RefreshPolicy(),
            loginsPerHour: 12,
            defaults: TokenManager.Defaults(baseURL: "https://api.example.com", apiVersion: .v2),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// Runs `body` while the daemon's own jobs run.
    func run(_ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await jobs.run() }
            try await body()
            group.cancelAll()
        }
    }

    /// An account in the store with a set of `age`.
    func put(_ name: String, age: Milliseconds = 0, password: PasswordState = .stored) throws {
        let now = clock.now()
        let account = try #require(AccountName(name))
        let set = TokenSet.example("\(name)-1", from: UnixTime(milliseconds: now.wall.milliseconds - age.count))
        store.put(
            StoredAccount(
                account: Account(
                    name: account,
                    apiVersion: .v2,
                    baseURL: "https://api.example.com",
                    username: "ada@example.com",
                    subscriptionKey: Secret("0123456789abcdef0123456789abcdef"),
                    password: password == .none ? nil : Secret("correct-horse")
                ),
                tokens: IssuedTokens(set, generation: 1, loaded: now),
                password: password
            )
        )
    }

    /// Time passes, and the timer notices.
    func pass(_ span: Milliseconds) {
        clock.advance(by: span)
        timer.fire()
    }

    func token(_ name: AccountName, minValid: Milliseconds? = nil) async throws -> ServedToken {
        try await withCheckedContinuation { done in
            manager.getToken(name, minValid: minValid, maxWait: .seconds(30)) { done.resume(returning: $0) }
        }.get()
    }
}
