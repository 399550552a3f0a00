import QuartileCore
import Testing

@testable import QuartileDaemon

/// Values that were changed or moved behind the store's back.
struct StoreDamageTests {
    let fixture: StoreFixture

    init() throws {
        fixture = try StoreFixture()
        try fixture.commit(.put(), .put(.bob))
        try fixture.commit(
            .recordFailure(
                .ada,
                .spent,
                .stored,
                unread: Secret("unread"),
                .example(.refresh, .ambiguous),
                told: .example,
                stayAwayUntil: nil
            ),
            .recordFailure(
                .bob,
                .spent,
                .stored,
                unread: Secret("unread"),
                .example(.refresh, .ambiguous),
                told: .example,
                stayAwayUntil: nil
            )
        )
    }

    @Test(arguments: [
        // Another account's row.
        "UPDATE accounts SET subscription_key = (SELECT subscription_key FROM accounts WHERE name LIKE 'bob%')",
        "UPDATE accounts SET password = (SELECT password FROM accounts WHERE name LIKE 'bob%')",
        "UPDATE token_sets SET access_token = (SELECT access_token FROM token_sets WHERE account_id = 2)",
        "UPDATE token_sets SET refresh_token = (SELECT refresh_token FROM token_sets WHERE account_id = 2)",
        "UPDATE unread_answers SET body = (SELECT body FROM unread_answers WHERE account_id = 2)",
        // Another column.
        "UPDATE accounts SET password = subscription_key WHERE id = 1",
        "UPDATE accounts SET subscription_key = password WHERE id = 1",
        "UPDATE token_sets SET access_token = refresh_token WHERE account_id = 1",
        "UPDATE token_sets SET refresh_token = access_token WHERE account_id = 1",
        "UPDATE unread_answers SET body = (SELECT refresh_token FROM token_sets t WHERE t.account_id = 1) WHERE account_id = 1",
        // Another host, name or generation.
        "UPDATE accounts SET base_url = 'https://evil.example.com' WHERE id = 1",
        "UPDATE accounts SET name = 'eve@example.com' WHERE id = 1",
        "UPDATE token_sets SET generation = 2 WHERE account_id = 1",
        "UPDATE unread_answers SET generation = 2 WHERE account_id = 1",
        // No seal at all, an empty one, one of another version, one cut short.
        "UPDATE accounts SET subscription_key = x'' WHERE id = 1",
        "UPDATE accounts SET subscription_key = x'01' WHERE id = 1",
        "UPDATE accounts SET subscription_key = CAST(x'02' || substr(subscription_key, 2) AS BLOB) WHERE id = 1",
        "UPDATE accounts SET password = substr(password, 1, length(password) - 1) WHERE id = 1",
        // What is not sealed, but is nothing that this program writes.
        "UPDATE accounts SET api_version = 'v9' WHERE id = 1",
        "UPDATE accounts SET password_state = '' WHERE id = 1",
        "UPDATE accounts SET refresh_token_state = 'fresh' WHERE id = 1",
        "UPDATE history SET result = 'eaten' WHERE account_id = 1",
        "INSERT INTO intents VALUES (1, 1, 'dance', '', 0, NULL)",
        "DELETE FROM token_sets WHERE account_id = 1",
    ])
    func accountWithAChangedOrMovedValueIsDamagedAndTheOtherIsServed(sql: String) throws {
        try fixture.tamper(sql)
        let contents = try fixture.load()
        #expect(contents.damaged.count == 1)
        #expect(contents.damaged.first != .bob)
        #expect(contents.accounts.map(\.account.name) == [.bob])
    }

    @Test func anErrorThatOnlyAnotherVersionKnowsCostsNobodyAnAccount() throws {
        try fixture.tamper("UPDATE last_errors SET code = 'hungry' WHERE account_id = 1")
        let contents = try fixture.load()
        #expect(contents.damaged.isEmpty)
        #expect(contents.accounts.allSatisfy { $0.lastError?.failure.code.rawValue != "hungry" })
        #expect(contents.accounts.first { $0.account.name == .ada }?.lastError == nil)
    }

    @Test(arguments: [
        "UPDATE accounts SET subscription_key = x'01' WHERE id = 1", "DELETE FROM token_sets WHERE account_id = 1",
        "INSERT INTO intents VALUES (1, 1, 'dance', '', 0, NULL)",
    ])
    func loginMendsADamagedAccount(sql: String) throws {
        try fixture.tamper(sql)
        #expect(try fixture.load().damaged == [.ada])
        try fixture.commit(.put(.ada, generation: 2))
        let contents = try fixture.load()
        #expect(contents.damaged.isEmpty)
        #expect(contents.accounts.first?.tokens == .example(2))
    }

    @Test func damagedAccountCanBeRemoved() throws {
        try fixture.tamper("UPDATE accounts SET password = x'00' WHERE id = 1")
        try fixture.commit(.removeAccount(.ada))
        let contents = try fixture.load()
        #expect(contents.damaged.isEmpty)
        #expect(contents.accounts.map(\.account.name) == [.bob])
    }

    @Test(arguments: [
        "UPDATE accounts SET name = '../x' WHERE id = 1", "DELETE FROM data_key", "DROP TABLE token_sets",
        "PRAGMA user_version = 0",
        "UPDATE data_key SET wrapped = zeroblob(60)", "UPDATE data_key SET canary = zeroblob(44)",
        "UPDATE data_key SET canary = wrapped", "UPDATE data_key SET wrapped = canary",
        "ALTER TABLE accounts DROP COLUMN username",
    ])
    func fileThatMakesNoSenseIsRefused(sql: String) throws {
        try fixture.tamper(sql)
        let before = try fixture.bytes()
        let error = refusal { try fixture.load() }
        guard case .failed(let sentence)? = error else {
            Issue.record("no failure, but \(String(describing: error))")
            return
        }
        #expect(sentence.contains(fixture.path))
        #expect(try fixture.bytes() == before)
    }

    /// Every page, every kind of byte: whatever comes of it, the process lives, and a file that is refused stays as it is.
    @Test func flippedBitsEndInAnErrorOrInWhatTheFileHolds() throws {
        let good = try fixture.bytes()
        var random = SplitMix64(state: 20_251_125)
        var refused = 0
        var damaged = 0
        for _ in 0..<400 {
            var bytes = good
            let index = Int(random.next() % UInt64(bytes.count))
            bytes[index] ^= 1 << UInt8(random.next() % 8)
            try fixture.write(bytes)
            do {
                let contents = try fixture.load()
                damaged += contents.damaged.isEmpty ? 0 : 1
                for stored in contents.accounts {
                    #expect(stored.tokens.set.refreshToken == Secret("refresh-1"))
                    #expect(stored.account.password == Secret("correct horse"))
                }
            } catch let error as StoreError {
                refused += 1
                #expect(error.sentence.contains(fixture.path))
                #expect(try fixture.bytes() == bytes)
            }
        }
        // Fewer would mean that the flips did not reach what they should.
        #expect(refused > 10)
        #expect(damaged > 0)
    }
}
