import FoundationEssentials
import GRDB
import QuartileCore

/// The steps that several changes have in common. All of them run within the caller's transaction.
extension SQLiteTokenStore {
    /// What has to be known of an account before it can be changed.
    struct Head {
        let id: Int64
        let name: AccountName
        let baseURL: String
        /// The newest set's generation; 0 where there is none yet.
        let generation: Generation
        /// The open intent, and the boot in which it was written.
        let intent: Intent?
        let intentBootID: String?

        /// The place of one of the account's sealed values.
        func place(_ column: Sealer.Place.Column, generation: Generation = 0) -> Sealer.Place {
            Sealer.Place(account: name.text, baseURL: baseURL, generation: generation, column: column)
        }
    }

    /// What is stored of `name`; an account that is not there is a conflict.
    func head(of name: AccountName, _ db: Database) throws -> Head {
        let statement = try db.cachedStatement(
            sql: """
                SELECT a.id, a.base_url, coalesce(t.generation, 0), i.generation, i.operation, i.at, i.boot_id
                FROM accounts a
                LEFT JOIN token_sets t ON t.account_id = a.id
                LEFT JOIN intents i ON i.account_id = a.id
                WHERE a.name = ?
                """
        )
        guard let row = try Row.fetchOne(statement, arguments: [name.text]) else { throw StoreError.conflict(name) }
        let intent = try row.integerIfPresent(3).map { generation in
            Intent(generation: generation, operation: try row.value(4), at: try row.time(5))
        }
        return Head(
            id: try row.integer(0),
            name: name,
            baseURL: try row.text(1),
            generation: try row.integer(2),
            intent: intent,
            intentBootID: try row.textIfPresent(6)
        )
    }

    /// Whether the stored set is just this one.
    func holds(_ set: TokenSet, _ head: Head, _ db: Database) throws -> Bool {
        let statement = try db.cachedStatement(
            sql: "SELECT \(SQLiteTokenStore.tokenColumns) FROM token_sets t WHERE t.account_id = ?"
        )
        guard let row = try Row.fetchOne(statement, arguments: [head.id]) else { return false }
        // The moment matters only for a set from another boot, and for its place on the boot clock, not for the set.
        let moment = Moment(wall: set.issuedAt, boot: BootTime(milliseconds: 0))
        do {
            return try tokens(row, from: 0, account: head.name.text, baseURL: head.baseURL, now: moment).set == set
        } catch is SealError {
            return false
        } catch is UnexpectedValue {
            return false
        }
    }

    /// Puts `tokens` in the place of the set that is stored, which is overwritten.
    func replaceTokens(_ tokens: IssuedTokens, _ head: Head, _ db: Database) throws {
        let set = tokens.set
        try run(
            """
            INSERT OR REPLACE INTO token_sets (account_id, generation, access_token, token_type, refresh_token,
                refresh_token_fingerprint, issued_at, access_expires_at, refresh_expires_at, issued_at_boot, boot_id)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                head.id, tokens.generation,
                sealer.seal(set.accessToken, for: head.place(.accessToken, generation: tokens.generation)),
                set.tokenType,
                sealer.seal(set.refreshToken, for: head.place(.refreshToken, generation: tokens.generation)),
                sealer.fingerprint(of: set.refreshToken),
                set.issuedAt.milliseconds, set.accessExpiresAt.milliseconds, set.refreshExpiresAt?.milliseconds,
                tokens.issuedAtBoot.milliseconds, bootID,
            ],
            db
        )
    }

    /// The subscription key and the password, sealed.
    func sealCredentials(of account: Account) -> (subscriptionKey: Data, password: Data?) {
        func place(_ column: Sealer.Place.Column) -> Sealer.Place {
            Sealer.Place(account: account.name.text, baseURL: account.baseURL, generation: 0, column: column)
        }
        return (
            sealer.seal(account.subscriptionKey, for: place(.subscriptionKey)),
            account.password.map { sealer.seal($0, for: place(.password)) }
        )
    }

    /// Forgets the wait that the API asked for, unless `account` keeps the subscription key, and the host, of which it was
    /// asked.
    func forgetWait(unlessKeyStays account: Account, _ db: Database) throws {
        let statement = try db.cachedStatement(sql: "SELECT base_url, subscription_key FROM accounts WHERE name = ?")
        guard let row = try Row.fetchOne(statement, arguments: [account.name.text]) else { return }
        do {
            let baseURL = try row.text(0)
            let place = Sealer.Place(
                account: account.name.text,
                baseURL: baseURL,
                generation: 0,
                column: .subscriptionKey
            )
            let key = try sealer.open(try row.blob(1), at: place)
            if baseURL == account.baseURL, key == account.subscriptionKey { return }
        } catch  where error is SealError || error is UnexpectedValue {
            // A damaged account is being mended: which key it had is not known.
        }
        try run("UPDATE accounts SET stay_away_until = NULL WHERE name = ?", [account.name.text], db)
    }

    /// Closes the intent, if there is one.
    func closeIntent(_ head: Head, _ db: Database) throws {
        try run("DELETE FROM intents WHERE account_id = ?", [head.id], db)
    }

    /// Appends a line to the history, once, and cuts it to 1,000 lines, but never into the last two hours.
    func append(_ entry: HistoryEntry, _ head: Head, _ db: Database) throws {
        try run(
            "INSERT INTO history (account_id, at, event, result) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [head.id, entry.at.milliseconds, entry.event.rawValue, entry.result.rawValue],
            db
        )
        try run(
            """
            DELETE FROM history
            WHERE account_id = ?1 AND at NOT BETWEEN ?2 AND ?3
                AND at < (SELECT at FROM history WHERE account_id = ?1 ORDER BY at DESC LIMIT 1 OFFSET 999)
            """,
            [
                head.id, entry.at.milliseconds - SQLiteTokenStore.recent.count,
                entry.at.milliseconds + SQLiteTokenStore.recent.count,
            ],
            db
        )
    }

    /// Runs one statement.
    func run(_ sql: String, _ arguments: StatementArguments, _ db: Database) throws {
        try db.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    /// Takes the account out of the copies that migrations left: nothing of it is to stay on disk.
    func removeFromCopies(_ name: AccountName) throws {
        for copy in file.copies where try PrivateFiles.status(copy) != nil {
            do {
                let queue = try DatabaseQueue(path: copy, configuration: file.configuration())
                try queue.write { db in
                    try db.execute(sql: "DELETE FROM accounts WHERE name = ?", arguments: [name.text])
                }
                try queue.close()
            } catch {
                throw SQLiteProblem(path: copy).storeError(error)
            }
        }
    }
}
