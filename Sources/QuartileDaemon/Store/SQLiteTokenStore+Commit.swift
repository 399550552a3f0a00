import GRDB
package import QuartileCore

extension SQLiteTokenStore {
    /// Writes all of `changes`, or none. What must not be lost is written at the cost of the ballast where the disk is
    /// full. A disk that fails is tried a second time: an error of the last sync leaves the change in the file, where
    /// only another commit can say whether it is on disk.
    package func commit(_ changes: [StoreChange]) throws(StoreError) {
        do {
            // Before the database: should this end half way, the account is still there to be removed again.
            for change in changes {
                if case .removeAccount(let name) = change { try removeFromCopies(name) }
            }
        } catch {
            throw SQLiteProblem(path: path).storeError(error)
        }
        do throws(SQLiteWriteFailure) {
            try write(changes)
        } catch {
            try writeAgain(changes, after: error)
        }
        ballast.restore()
    }

    /// Writes one change, within the caller's transaction.
    func apply(_ change: StoreChange, _ db: Database) throws {
        switch change {
        case .openIntent(let name, let intent, let refreshToken, let replacingOwn):
            try openIntent(name, intent, refreshToken, replacingOwn: replacingOwn, db)
        case .saveTokens(let name, let tokens, let entry):
            try saveTokens(name, tokens, entry, db)
        case .recordFailure(let name, let refreshToken, let password, let unread, let entry, let told, let until):
            let head = try head(of: name, db)
            try recordFailure(head, refreshToken, password, unread: unread, entry, db)
            try tell(told, stayAwayUntil: until, head, db)
        case .putAccount(let account, let password, let tokens, let entry):
            try putAccount(account, password, tokens, entry, db)
        case .updateAccount(let account, let password, let entry):
            try updateAccount(account, password, entry, db)
        case .removeAccount(let name):
            try run("DELETE FROM accounts WHERE name = ?", [name.text], db)
        }
    }

    private func openIntent(
        _ name: AccountName,
        _ intent: Intent,
        _ refreshToken: RefreshTokenState,
        replacingOwn: Bool,
        _ db: Database
    ) throws {
        let head = try head(of: name, db)
        // This very intent: a commit of ours that failed at its end, and is on disk all the same.
        let isWritten = head.intent == intent && head.intentBootID == bootID
        guard head.generation == intent.generation, head.intent == nil || isWritten || replacingOwn else {
            throw StoreError.conflict(name)
        }
        try run(
            """
            INSERT OR REPLACE INTO intents (account_id, generation, operation, refresh_token_fingerprint, at, boot_id)
            SELECT account_id, generation, ?, refresh_token_fingerprint, ?, ? FROM token_sets WHERE account_id = ?
            """,
            [intent.operation.rawValue, intent.at.milliseconds, bootID, head.id],
            db
        )
        try run(
            "UPDATE accounts SET refresh_token_state = ?, updated_at = ? WHERE id = ?",
            [refreshToken.rawValue, intent.at.milliseconds, head.id],
            db
        )
    }

    private func saveTokens(_ name: AccountName, _ tokens: IssuedTokens, _ entry: HistoryEntry, _ db: Database) throws {
        let head = try head(of: name, db)
        if head.generation == tokens.generation, try holds(tokens.set, head, db) { return }
        guard head.generation == tokens.generation - 1 else { throw StoreError.conflict(name) }
        try replaceTokens(tokens, head, db)
        try closeIntent(head, db)
        for table in ["unread_answers", "last_errors"] {
            try run("DELETE FROM \(table) WHERE account_id = ?", [head.id], db)
        }
        try run(
            "UPDATE accounts SET refresh_token_state = ?, updated_at = ? WHERE id = ?",
            [RefreshTokenState.unspent.rawValue, entry.at.milliseconds, head.id],
            db
        )
        try append(entry, head, db)
    }

    private func recordFailure(
        _ head: Head,
        _ refreshToken: RefreshTokenState,
        _ password: PasswordState,
        unread: Secret?,
        _ entry: HistoryEntry,
        _ db: Database
    ) throws {
        try closeIntent(head, db)
        try run(
            "UPDATE accounts SET refresh_token_state = ?, password_state = ?, updated_at = ? WHERE id = ?",
            [refreshToken.rawValue, password.rawValue, entry.at.milliseconds, head.id],
            db
        )
        if let unread {
            try run(
                "INSERT OR REPLACE INTO unread_answers (account_id, generation, body, at) VALUES (?, ?, ?, ?)",
                [
                    head.id, head.generation,
                    sealer.seal(unread, for: head.place(.unreadAnswer, generation: head.generation)),
                    entry.at.milliseconds,
                ],
                db
            )
        }
        try append(entry, head, db)
    }

    /// Keeps what a user is told of a failure, and how long the API asked to be left alone.
    private func tell(_ error: LastError, stayAwayUntil: UnixTime?, _ head: Head, _ db: Database) throws {
        try run(
            """
            INSERT OR REPLACE INTO last_errors (account_id, code, message, remedy, at, retry_at)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
            [
                head.id, error.failure.code.rawValue, error.failure.message, error.failure.remedy,
                error.at.milliseconds, error.retryAt?.milliseconds,
            ],
            db
        )
        try run(
            "UPDATE accounts SET stay_away_until = ? WHERE id = ?",
            [stayAwayUntil?.milliseconds, head.id],
            db
        )
    }

    private func putAccount(
        _ account: Account,
        _ password: PasswordState,
        _ tokens: IssuedTokens,
        _ entry: HistoryEntry,
        _ db: Database
    ) throws {
        try forgetWait(unlessKeyStays: account, db)
        let (subscriptionKey, sealedPassword) = sealCredentials(of: account)
        try run(
            """
            INSERT INTO accounts (name, api_version, base_url, username, subscription_key, password, password_state,
                refresh_token_state, created_at, updated_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)
            ON CONFLICT (name) DO UPDATE SET api_version = ?2, base_url = ?3, username = ?4, subscription_key = ?5,
                password = ?6, password_state = ?7, refresh_token_state = ?8, updated_at = ?9
            """,
            [
                account.name.text, account.apiVersion.rawValue, account.baseURL, account.username, subscriptionKey,
                sealedPassword, password.rawValue, RefreshTokenState.unspent.rawValue, entry.at.milliseconds,
            ],
            db
        )
        // Unread, whatever they hold: this is how a damaged account is mended.
        for table in ["token_sets", "intents", "unread_answers", "last_errors"] {
            let sql = "DELETE FROM \(table) WHERE account_id = (SELECT id FROM accounts WHERE name = ?)"
            try run(sql, [account.name.text], db)
        }
        let head = try head(of: account.name, db)
        try replaceTokens(tokens, head, db)
        try append(entry, head, db)
    }

    private func updateAccount(
        _ account: Account,
        _ password: PasswordState,
        _ entry: HistoryEntry,
        _ db: Database
    ) throws {
        let head = try head(of: account.name, db)
        // The tokens that stay are bound to the base URL that is stored.
        guard head.baseURL == account.baseURL else { throw StoreError.conflict(account.name) }
        try forgetWait(unlessKeyStays: account, db)
        let (subscriptionKey, sealedPassword) = sealCredentials(of: account)
        try run(
            """
            UPDATE accounts SET api_version = ?, username = ?, subscription_key = ?, password = ?, password_state = ?,
                updated_at = ?
            WHERE id = ?
            """,
            [
                account.apiVersion.rawValue, account.username, subscriptionKey, sealedPassword, password.rawValue,
                entry.at.milliseconds, head.id,
            ],
            db
        )
        try append(entry, head, db)
    }
}
