import GRDB
package import QuartileCore

extension SQLiteTokenStore {
    /// How far back the history reaches that is loaded, and that is never cut.
    static let recent = Milliseconds.hours(2)

    package func load(now: Moment) throws(StoreError) -> StoreContents {
        let contents: StoreContents
        do {
            contents = try queue.read { db in try self.contents(db, now: now) }
        } catch {
            throw SQLiteProblem(path: path).storeError(error)
        }
        // Tokens that are handed out must not be gone after a power loss.
        settle()
        // Every page was read for this; few of them are wanted again soon.
        queue.releaseMemory()
        return contents
    }

    private func contents(_ db: Database, now: Moment) throws -> StoreContents {
        let (history, unreadable) = try recentHistory(db, now: now.wall)
        var contents = StoreContents(accounts: [], damaged: [])
        // Few differ, so that each is kept once.
        var baseURLs: Set<String> = []
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT a.id, a.name, a.base_url, a.api_version, a.username, a.subscription_key, a.password,
                    a.password_state, a.refresh_token_state,
                    \(SQLiteTokenStore.tokenColumns),
                    i.generation, i.operation, i.at, u.generation, u.body,
                    a.stay_away_until, e.code, e.message, e.remedy, e.at, e.retry_at
                FROM accounts a
                LEFT JOIN token_sets t ON t.account_id = a.id
                LEFT JOIN intents i ON i.account_id = a.id
                LEFT JOIN unread_answers u ON u.account_id = a.id
                LEFT JOIN last_errors e ON e.account_id = a.id
                ORDER BY a.id
                """
        )
        while let row = try rows.next() {
            guard let name = AccountName(try row.text(1)) else {
                throw SQLiteProblem(path: path).damaged("an account has no proper name")
            }
            let id = try row.integer(0)
            do {
                guard !unreadable.contains(id) else { throw UnexpectedValue() }
                var account = try account(row, name: name, now: now)
                account.account.baseURL = baseURLs.insert(account.account.baseURL).memberAfterInsert
                account.recent = history[id] ?? []
                contents.accounts.append(account)
            } catch is UnexpectedValue {
                contents.damaged.append(name)
            } catch is SealError {
                contents.damaged.append(name)
            }
        }
        return contents
    }

    private func account(_ row: Row, name: AccountName, now: Moment) throws -> StoredAccount {
        let baseURL = try row.text(2)
        func open(_ index: Int, _ column: Sealer.Place.Column, generation: Generation) throws -> Secret? {
            guard let sealed = try row.blobIfPresent(index) else { return nil }
            return try sealer.open(
                sealed,
                at: Sealer.Place(account: name.text, baseURL: baseURL, generation: generation, column: column)
            )
        }
        guard let subscriptionKey = try open(5, .subscriptionKey, generation: 0) else { throw UnexpectedValue() }
        let account = Account(
            name: name,
            apiVersion: try row.value(3),
            baseURL: baseURL,
            username: try row.textIfPresent(4),
            subscriptionKey: subscriptionKey,
            password: try open(6, .password, generation: 0)
        )
        var stored = StoredAccount(
            account: account,
            tokens: try tokens(row, from: 9, account: name.text, baseURL: baseURL, now: now),
            refreshToken: try row.value(8),
            password: try row.value(7)
        )
        if let generation = try row.integerIfPresent(19) {
            stored.openIntent = Intent(generation: generation, operation: try row.value(20), at: try row.time(21))
        }
        if let generation = try row.integerIfPresent(22) {
            stored.unreadAnswer = try open(23, .unreadAnswer, generation: generation)
        }
        stored.stayAwayUntil = try row.timeIfPresent(24)
        // Words for people: a kind of failure that only another version knows costs nobody an account.
        if let code = try row.textIfPresent(25).flatMap(Failure.Code.init(rawValue:)) {
            let failure = Failure(code, try row.text(26), remedy: try row.textIfPresent(27))
            stored.lastError = LastError(failure, at: try row.time(28), retryAt: try row.timeIfPresent(29))
        }
        return stored
    }

    /// What `tokens(_:from:…)` reads, of a `token_sets t`.
    static let tokenColumns = """
        t.generation, t.access_token, t.token_type, t.refresh_token, t.issued_at, t.access_expires_at,
        t.refresh_expires_at, t.issued_at_boot, t.boot_id, t.account_id
        """

    /// The token set in the columns from `first` on.
    func tokens(_ row: Row, from first: Int, account: String, baseURL: String, now: Moment) throws -> IssuedTokens {
        let generation = try row.integer(first)
        let place = Sealer.Place(account: account, baseURL: baseURL, generation: generation, column: .accessToken)
        var refreshPlace = place
        refreshPlace.column = .refreshToken
        let set = TokenSet(
            accessToken: try sealer.open(try row.blob(first + 1), at: place),
            tokenType: try row.text(first + 2),
            refreshToken: try sealer.open(try row.blob(first + 3), at: refreshPlace),
            issuedAt: try row.time(first + 4),
            accessExpiresAt: try row.time(first + 5),
            refreshExpiresAt: try row.timeIfPresent(first + 6)
        )
        let issuedAtBoot = BootTime(milliseconds: try row.integer(first + 7))
        let stored = try row.textIfPresent(first + 8)
        guard let bootID, stored == bootID else { return IssuedTokens(set, generation: generation, loaded: now) }
        return IssuedTokens(set, generation: generation, issuedAtBoot: issuedAtBoot)
    }

    /// The history of the last two hours by account, oldest first, and the accounts of which a line can't be read. Lines
    /// from up to two hours ahead count as well: the clock may have been set back since.
    private func recentHistory(_ db: Database, now: UnixTime) throws -> ([Int64: [HistoryEntry]], Set<Int64>) {
        var history: [Int64: [HistoryEntry]] = [:]
        var unreadable: Set<Int64> = []
        // CROSS JOIN: one search of the index for each account, where a scan would read the whole history.
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT h.account_id, h.at, h.event, h.result
                FROM accounts a CROSS JOIN history h ON h.account_id = a.id AND h.at BETWEEN ? AND ?
                ORDER BY h.account_id, h.at
                """,
            arguments: [
                now.milliseconds - SQLiteTokenStore.recent.count, now.milliseconds + SQLiteTokenStore.recent.count,
            ]
        )
        while let row = try rows.next() {
            let id = try row.integer(0)
            do {
                history[id, default: []].append(
                    HistoryEntry(at: try row.time(1), event: try row.value(2), result: try row.value(3))
                )
            } catch {
                unreadable.insert(id)
            }
        }
        return (history, unreadable)
    }
}
