import QuartileCore
import Testing

@testable import QuartileDaemon

/// Each change, read back by a store that was opened anew.
struct StoreCommitTests {
    let fixture: StoreFixture
    let intent = Intent(generation: 1, operation: .refresh, at: Moment.start.wall + 7)

    init() throws { fixture = try StoreFixture() }

    @Test func newStoreIsEmpty() throws {
        let contents = try fixture.load()
        #expect(contents.accounts.isEmpty)
        #expect(contents.damaged.isEmpty)
    }

    @Test func accountComesBackWhole() throws {
        try fixture.commit(.put())
        let stored = try fixture.account()
        #expect(stored.account.name == .ada)
        #expect(stored.account.apiVersion == .v2)
        #expect(stored.account.baseURL == "https://api.example.com")
        #expect(stored.account.username == "ada@example.com")
        #expect(stored.account.subscriptionKey == Secret("0123456789abcdef0123456789abcdef"))
        #expect(stored.account.password == Secret("correct horse"))
        #expect(stored.password == .stored)
        #expect(stored.tokens == .example(1))
        #expect(stored.refreshToken == .unspent)
        #expect(stored.openIntent == nil)
        #expect(stored.unreadAnswer == nil)
        #expect(stored.recent == [.example(.loginByUser)])
    }

    @Test func absentValuesComeBackAbsent() throws {
        var account = Account.example(password: nil)
        account.username = nil
        var tokens = IssuedTokens.example(1)
        tokens.set.refreshExpiresAt = nil
        try fixture.commit(.putAccount(account, .none, tokens, .example(.importByUser, .stored)))
        let stored = try fixture.account()
        #expect(stored.account.username == nil)
        #expect(stored.account.password == nil)
        #expect(stored.password == .none)
        #expect(stored.tokens.set.refreshExpiresAt == nil)
    }

    @Test func intentOpensOnce() throws {
        try fixture.commit(.put())
        try fixture.commit(.openIntent(.ada, intent, refreshToken: .ambiguous, replacingOwn: false))
        let stored = try fixture.account()
        #expect(stored.openIntent == intent)
        #expect(stored.refreshToken == .ambiguous)

        let other = Intent(generation: 1, operation: .login, at: intent.at)
        #expect(throws: StoreError.conflict(.ada)) {
            try fixture.commit(.openIntent(.ada, other, refreshToken: .ambiguous, replacingOwn: false))
        }
        #expect(try fixture.account().openIntent == intent)

        try fixture.commit(.openIntent(.ada, other, refreshToken: .unspent, replacingOwn: true))
        #expect(try fixture.account().openIntent == other)
        #expect(try fixture.account().refreshToken == .unspent)
    }

    @Test func intentWrittenTwiceIsWrittenOnce() throws {
        try fixture.commit(.put())
        let change = StoreChange.openIntent(.ada, intent, refreshToken: .ambiguous, replacingOwn: false)
        try fixture.commit(change)
        try fixture.commit(change)
        #expect(try fixture.account().openIntent == intent)
    }

    @Test func sameIntentFromAnotherBootIsAConflict() throws {
        try fixture.commit(.put())
        let change = StoreChange.openIntent(.ada, intent, refreshToken: .ambiguous, replacingOwn: false)
        try fixture.commit(change)
        #expect(throws: StoreError.conflict(.ada)) {
            try fixture.withStore(bootID: "boot-2") { try $0.commit([change]) }
        }
    }

    @Test(arguments: [0, 2] as [Generation])
    func intentOfAnotherGenerationIsAConflict(generation: Generation) throws {
        try fixture.commit(.put())
        let stale = Intent(generation: generation, operation: .refresh, at: intent.at)
        #expect(throws: StoreError.conflict(.ada)) {
            try fixture.commit(.openIntent(.ada, stale, refreshToken: .ambiguous, replacingOwn: true))
        }
        #expect(try fixture.account().openIntent == nil)
    }

    @Test func intentKeepsTheFingerprintOfTheRefreshToken() throws {
        try fixture.commit(.put())
        try fixture.commit(.openIntent(.ada, intent, refreshToken: .ambiguous, replacingOwn: false))
        let expected = try fixture.withStore { $0.sealer.fingerprint(of: Secret("refresh-1")) }
        #expect(try fixture.read("SELECT refresh_token_fingerprint FROM intents", as: String.self) == expected)
        #expect(try fixture.read("SELECT boot_id FROM intents", as: String.self) == "boot-1")
    }

    @Test func savedSetReplacesTheOlder() throws {
        try fixture.commit(.put())
        try fixture.commit(.openIntent(.ada, intent, refreshToken: .ambiguous, replacingOwn: false))
        let entry = HistoryEntry.example(after: 9)
        try fixture.commit(.saveTokens(.ada, .example(2), entry))
        let stored = try fixture.account()
        #expect(stored.tokens == .example(2))
        #expect(stored.refreshToken == .unspent)
        #expect(stored.openIntent == nil)
        #expect(stored.recent == [.example(.loginByUser), entry])
        #expect(stored.account.password == Secret("correct horse"))
        #expect(try fixture.read("SELECT count(*) FROM token_sets", as: Int.self) == 1)
    }

    @Test func setSavedTwiceIsSavedOnce() throws {
        try fixture.commit(.put())
        let change = StoreChange.saveTokens(.ada, .example(2), .example(after: 9))
        try fixture.commit(change)
        try fixture.commit(change)
        let stored = try fixture.account()
        #expect(stored.tokens == .example(2))
        #expect(stored.recent.count == 2)
    }

    @Test func otherSetOfTheSameGenerationIsAConflict() throws {
        try fixture.commit(.put())
        try fixture.commit(.saveTokens(.ada, .example(2), .example()))
        #expect(throws: StoreError.conflict(.ada)) {
            try fixture.commit(.saveTokens(.ada, .example(2, text: "other-"), .example()))
        }
        #expect(try fixture.account().tokens == .example(2))
    }

    @Test(arguments: [0, 1, 3] as [Generation])
    func setThatDoesNotFollowIsAConflict(generation: Generation) throws {
        try fixture.commit(.put())
        #expect(throws: StoreError.conflict(.ada)) {
            try fixture.commit(.saveTokens(.ada, .example(generation, text: "x"), .example()))
        }
        #expect(try fixture.account().tokens == .example(1))
    }

    @Test func failureClosesTheIntentAndKeepsTheTokens() throws {
        try fixture.commit(.put())
        try fixture.commit(.openIntent(.ada, intent, refreshToken: .ambiguous, replacingOwn: false))
        let entry = HistoryEntry.example(.login, .refused, after: 5)
        try fixture.commit(
            .recordFailure(.ada, .refused, .rejected, unread: nil, entry, told: .example, stayAwayUntil: nil)
        )
        let stored = try fixture.account()
        #expect(stored.openIntent == nil)
        #expect(stored.refreshToken == .refused)
        #expect(stored.password == .rejected)
        #expect(stored.account.password == Secret("correct horse"))
        #expect(stored.tokens == .example(1))
        #expect(stored.recent.last == entry)
    }

    @Test func unreadAnswerIsKeptUntilTheNextSet() throws {
        try fixture.commit(.put())
        let body = Secret(#"{"authorization": 1}"#)
        try fixture.commit(
            .recordFailure(
                .ada,
                .spent,
                .stored,
                unread: body,
                .example(.refresh, .ambiguous),
                told: .example,
                stayAwayUntil: nil
            )
        )
        #expect(try fixture.account().unreadAnswer == body)
        try fixture.commit(
            .recordFailure(
                .ada,
                .replayed,
                .stored,
                unread: nil,
                .example(.refresh, .ambiguous, after: 1),
                told: .example,
                stayAwayUntil: nil
            )
        )
        #expect(try fixture.account().unreadAnswer == body)
        try fixture.commit(.saveTokens(.ada, .example(2), .example(after: 2)))
        #expect(try fixture.account().unreadAnswer == nil)
    }

    @Test func lastErrorAndWaitComeBack() throws {
        try fixture.commit(.put(), .put(.bob))
        var told = LastError.example
        told.failure.remedy = "quartilectl update --account ada@example.com"
        let until = Moment.start.wall + .hours(1)
        try fixture.commit(.failure(told: told, stayAwayUntil: until))
        let accounts = try fixture.load().accounts
        #expect(accounts.map(\.lastError) == [told, nil])
        #expect(accounts.map(\.stayAwayUntil) == [until, nil])

        let last = LastError(Failure(.loginRequired, "log in"), at: Moment.start.wall + 5, retryAt: nil)
        try fixture.commit(.failure(told: last, stayAwayUntil: nil))
        #expect(try fixture.load().accounts.first?.lastError == last)
        #expect(try fixture.load().accounts.first?.stayAwayUntil == nil)
    }

    @Test func savedSetForgetsTheLastErrorAndKeepsTheWait() throws {
        let until = Moment.start.wall + .hours(1)
        try fixture.commit(.put(), .failure(told: .example, stayAwayUntil: until))
        try fixture.commit(.saveTokens(.ada, .example(2), .example(after: 1)))
        #expect(try fixture.account().lastError == nil)
        #expect(try fixture.account().stayAwayUntil == until)
    }

    @Test(arguments: [
        ("0123456789abcdef0123456789abcdef", "https://api.example.com", true),
        ("ffffffffffffffffffffffffffffffff", "https://api.example.com", false),
        ("0123456789abcdef0123456789abcdef", "https://other.example.com", false),
    ])
    func loginKeepsAWaitOnlyWithItsKeyAndHost(key: String, baseURL: String, isKept: Bool) throws {
        let until = Moment.start.wall + .hours(1)
        try fixture.commit(.put(), .failure(told: .example, stayAwayUntil: until))
        var account = Account.example(baseURL: baseURL)
        account.subscriptionKey = Secret(key)
        try fixture.commit(.putAccount(account, .stored, .example(2), .example(.loginByUser, after: 1)))
        #expect(try fixture.account().lastError == nil)
        #expect(try fixture.account().stayAwayUntil == (isKept ? until : nil))
    }

    @Test(arguments: [("0123456789abcdef0123456789abcdef", true), ("ffffffffffffffffffffffffffffffff", false)])
    func newCredentialsKeepTheErrorAndAWaitOnlyWithItsKey(key: String, isKept: Bool) throws {
        let until = Moment.start.wall + .hours(1)
        try fixture.commit(.put(), .failure(told: .example, stayAwayUntil: until))
        var account = Account.example(password: "new")
        account.subscriptionKey = Secret(key)
        try fixture.commit(.updateAccount(account, .stored, .example(.updateByUser, .stored)))
        #expect(try fixture.account().lastError == .example)
        #expect(try fixture.account().stayAwayUntil == (isKept ? until : nil))
    }

    @Test func newLoginReplacesEverythingOfTheAccount() throws {
        try fixture.commit(.put())
        let created = try fixture.read("SELECT created_at FROM accounts", as: Int64.self)
        try fixture.commit(
            .recordFailure(
                .ada,
                .refused,
                .rejected,
                unread: Secret("?"),
                .example(.login, .refused),
                told: .example,
                stayAwayUntil: nil
            )
        )
        try fixture.commit(.openIntent(.ada, intent, refreshToken: .refused, replacingOwn: false))
        let account = Account(
            name: .ada,
            apiVersion: .v3,
            baseURL: "https://other.example.com",
            username: "ada.l@example.com",
            subscriptionKey: Secret("ffffffffffffffffffffffffffffffff"),
            password: nil
        )
        try fixture.commit(.putAccount(account, .none, .example(2), .example(.loginByUser, .received, after: 60_000)))
        let stored = try fixture.account()
        #expect(stored.account.apiVersion == .v3)
        #expect(stored.account.baseURL == "https://other.example.com")
        #expect(stored.account.username == "ada.l@example.com")
        #expect(stored.account.subscriptionKey == account.subscriptionKey)
        #expect(stored.account.password == nil)
        #expect(stored.password == .none)
        #expect(stored.tokens == .example(2))
        #expect(stored.refreshToken == .unspent)
        #expect(stored.openIntent == nil)
        #expect(stored.unreadAnswer == nil)
        #expect(stored.recent.count == 3)
        #expect(try fixture.read("SELECT created_at FROM accounts", as: Int64.self) == created)
        #expect(try fixture.read("SELECT updated_at - created_at FROM accounts", as: Int64.self) == 60_000)
    }

    @Test func newCredentialsLeaveTheTokens() throws {
        try fixture.commit(.put())
        try fixture.commit(
            .recordFailure(
                .ada,
                .refused,
                .rejected,
                unread: nil,
                .example(.login, .refused),
                told: .example,
                stayAwayUntil: nil
            )
        )
        var account = Account.example(password: "new")
        account.subscriptionKey = Secret("ffffffffffffffffffffffffffffffff")
        account.username = "ada.l@example.com"
        try fixture.commit(.updateAccount(account, .stored, .example(.updateByUser, .stored)))
        let stored = try fixture.account()
        #expect(stored.account.password == Secret("new"))
        #expect(stored.account.subscriptionKey == account.subscriptionKey)
        #expect(stored.account.username == "ada.l@example.com")
        #expect(stored.password == .stored)
        #expect(stored.tokens == .example(1))
        #expect(stored.refreshToken == .refused)
    }

    @Test func newCredentialsForAnotherHostAreAConflict() throws {
        try fixture.commit(.put())
        let moved = Account.example(baseURL: "https://other.example.com")
        #expect(throws: StoreError.conflict(.ada)) {
            try fixture.commit(.updateAccount(moved, .stored, .example(.updateByUser, .stored)))
        }
        #expect(try fixture.account().account.baseURL == "https://api.example.com")
    }

    @Test func removedAccountIsGoneAndRemovingItAgainIsFine() throws {
        try fixture.commit(.put(), .put(.bob))
        try fixture.commit(.removeAccount(.ada))
        try fixture.commit(.removeAccount(.ada))
        #expect(try fixture.account().account.name == .bob)
        #expect(try fixture.read("SELECT count(*) FROM history", as: Int.self) == 1)
    }

    @Test(arguments: [
        StoreChange.openIntent(
            .bob,
            Intent(generation: 1, operation: .refresh, at: Moment.start.wall),
            refreshToken: .ambiguous,
            replacingOwn: true
        ),
        .saveTokens(.bob, .example(1), .example()),
        .recordFailure(.bob, .spent, .stored, unread: nil, .example(), told: .example, stayAwayUntil: nil),
        .updateAccount(.example(.bob), .stored, .example()),
    ])
    func changeToAnAbsentAccountIsAConflict(change: StoreChange) throws {
        try fixture.commit(.put())
        #expect(throws: StoreError.conflict(.bob)) { try fixture.commit(change) }
        #expect(try fixture.load().accounts.map(\.account.name) == [.ada])
    }

    @Test func oneConflictKeepsAllOfACommitOut() throws {
        try fixture.commit(.put())
        #expect(throws: StoreError.conflict(.bob)) {
            try fixture.commit(
                .saveTokens(.ada, .example(2), .example(after: 1)),
                .saveTokens(.bob, .example(2), .example(after: 1))
            )
        }
        let stored = try fixture.account()
        #expect(stored.tokens == .example(1))
        #expect(stored.recent.count == 1)
    }

    @Test func changesOfOneCommitBuildOnEachOther() throws {
        try fixture.commit(
            .put(),
            .openIntent(.ada, intent, refreshToken: .ambiguous, replacingOwn: false),
            .saveTokens(.ada, .example(2), .example(after: 1)),
            .put(.bob),
            .removeAccount(.bob)
        )
        #expect(try fixture.account().tokens == .example(2))
    }
}

extension StoreChange {
    fileprivate static func failure(told: LastError, stayAwayUntil: UnixTime?) -> StoreChange {
        .recordFailure(
            .ada,
            .unspent,
            .stored,
            unread: nil,
            .example(.refresh, .turnedAway),
            told: told,
            stayAwayUntil: stayAwayUntil
        )
    }
}
