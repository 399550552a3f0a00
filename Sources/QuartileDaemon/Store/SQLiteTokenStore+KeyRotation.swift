import FoundationEssentials
import GRDB
import Logging
import QuartileCore
import Synchronization

extension SQLiteTokenStore {
    /// Wraps the data key anew: under another key of the same source, or under one of the source that `key.source`
    /// names, where that is another.
    ///
    /// The database takes the old key or the new one, whatever happens and whenever; the new one is where its source
    /// looks for it before the database takes it, and the old one stays until after. Copies that migrations left are
    /// removed after that: they take the old key. One call at a time.
    package func rotateKey() throws(KeyRotationError) -> KeyStatus {
        let former = keyStatus
        let kind = keys.wanted ?? former.source
        let source = keys.source(kind)
        let key: Secret
        do throws(KeySourceError) {
            key = try source.successor(ofKeyWithID: kind == former.source ? former.id : nil)
        } catch {
            switch error {
            case .unusable(let sentence): throw .noNewKey(sentence)
            case .notNow(let sentence): throw .notNow(sentence)
            case .unwritable(let sentence): throw .storage("nothing was changed: \(sentence)")
            }
        }
        let (wrapped, id) = WrappedDataKey.wrap(sealer, key: key)
        do throws(SQLiteWriteFailure) {
            try commit(KeyStatus(source: kind, id: id), wrapped: wrapped)
        } catch {
            withdraw(keyWithID: id, from: source, after: error)
            throw .storage(error.reason.sentence)
        }
        keyState.withLock { $0 = KeyStatus(source: kind, id: id) }
        log.notice("the key was rotated", metadata: ["source": "\(kind.words)", "key": "\(id)"])
        tidyKeys()
        let advice = [
            reviewKey(), source.adviceOnBackups(withKeyWithID: id),
            keys.source(former.source).adviceOnFormerKey(withID: former.id), removeCopies(),
        ]
        return KeyStatus(source: kind, id: id, advice: advice.compactMap(\.self).joined(separator: " "))
    }

    /// Has the database take another key, on disk when this returns.
    private func commit(_ key: KeyStatus, wrapped: Data) throws(SQLiteWriteFailure) {
        func update(_ db: Database) throws {
            try run(
                "UPDATE data_key SET wrapped = ?, key_id = ?, source = ?",
                [wrapped, key.id, key.source.rawValue],
                db
            )
        }
        do throws(SQLiteWriteFailure) {
            try write(update)
        } catch {
            // As for tokens: only another commit can say whether it is on disk.
            guard error.kind == .inputOutput else { throw error }
            try write(update)
        }
    }

    /// Takes a new key back after a commit that failed, if the former one is in the file for certain. Otherwise both stay
    /// where the source finds them, and what is found in the file is what the next rotation begins with.
    private func withdraw(keyWithID id: String, from source: any KeySource, after failure: SQLiteWriteFailure) {
        do {
            let row = try queue.read { db in try Row.fetchOne(db, sql: "SELECT key_id, source FROM data_key") }
            guard let row else { throw UnexpectedValue() }
            let found = KeyStatus(source: try row.value(1), id: try row.text(0))
            keyState.withLock { $0 = found }
            if failure.kind != .inputOutput, found.id != id { try source.withdraw(keyWithID: id) }
            reviewKey()
        } catch {
            log.warning("a key that was not taken stays beside the key in use", metadata: ["key": "\(id)"])
        }
    }

    /// Removes the copies that migrations left. Returns what the user should know where that fails: a sentence.
    private func removeCopies() -> String? {
        var left: [String] = []
        for copy in file.copies {
            do throws(FileError) {
                try PrivateFiles.remove(copy)
            } catch {
                log.warning("a copy that takes the former key stays", metadata: ["reason": "\(error.sentence)"])
                left.append(copy)
            }
        }
        guard !left.isEmpty else { return nil }
        return "Remove \(left.joined(separator: " and ")), which could not be removed: the former key opens it."
    }
}
