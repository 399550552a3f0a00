import GRDB
import Logging
import QuartileCore
import Synchronization

extension SQLiteTokenStore {
    /// How a database was opened.
    struct KeyInUse {
        /// Where the key came from.
        var source: KeySourceKind
        /// The source that the database records.
        var recordedSource: KeySourceKind
        /// The key's id.
        var id: String
    }

    /// Opens the data key, with the key of the source that the database records.
    ///
    /// The one that `key.source` names is tried before: where it has the very same key, that was moved there by hand.
    /// Where it has another one or none, the database is still to be moved to it, which must not keep it from serving.
    static func unwrapDataKey(_ db: Database, file: SQLiteFile, keys: KeySources) throws -> (Sealer, KeyInUse) {
        let problem = SQLiteProblem(path: file.path)
        guard let row = try Row.fetchOne(db, sql: "SELECT wrapped, key_id, source, canary FROM data_key") else {
            throw problem.damaged("its data key is missing")
        }
        let dataKey = WrappedDataKey(wrapped: try row.blob(0), keyID: try row.text(1), canary: try row.blob(3))
        guard let recorded = KeySourceKind(rawValue: try row.text(2)) else {
            throw StoreError.wrongKey(
                "The database \(file.path) takes a key from a source that this version does not know "
                    + "(\(try row.text(2))). Install the version that wrote it."
            )
        }
        func open(_ key: Secret, from source: KeySourceKind) throws -> (Sealer, KeyInUse) {
            let inUse = KeyInUse(source: source, recordedSource: recorded, id: dataKey.keyID)
            do throws(WrappedDataKey.UnwrapError) {
                return (try dataKey.unwrap(key: key), inUse)
            } catch {
                switch error {
                case .damaged: throw problem.damaged("its data key does not open")
                case .wrongKey(let needed, let given):
                    throw StoreError.wrongKey(
                        "The database \(file.path) is sealed with the key \(needed), and the \(source.words) gives "
                            + "\(given); nothing was changed. \(keys.source(source).remedyForWrongKey)"
                    )
                }
            }
        }
        if let wanted = keys.wanted, wanted != recorded, let key = keys.key(withID: dataKey.keyID, from: wanted) {
            return try open(key, from: wanted)
        }
        return try open(try keys.source(recorded).key(withID: dataKey.keyID), from: recorded)
    }

    /// Finishes what an earlier rotation, or a user who moved the key by hand, has left to do, and tells of what there
    /// is to be done. The store works without.
    func settleKey(recordedSource: KeySourceKind) {
        let key = keyStatus
        if key.source != recordedSource {
            do throws(SQLiteWriteFailure) {
                try write { db in
                    try run("UPDATE data_key SET source = ?", [key.source.rawValue], db)
                }
                log.notice("the database takes its key from another source now", metadata: ["source": "\(key.source)"])
            } catch {
                log.warning("the new key source can't be recorded", metadata: ["reason": "\(error.reason.sentence)"])
            }
        }
        tidyKeys()
        if let advice = reviewKey() {
            log.warning("there is something to do about the key", metadata: ["advice": "\(advice)"])
        }
    }

    /// Has the source tidy up. Where it can't, the key is found all the same, and the next start tries again.
    func tidyKeys() {
        let key = keyStatus
        do throws(KeySourceError) {
            try keys.source(key.source).settle(onKeyWithID: key.id)
        } catch {
            log.warning("the key can't be put in its place", metadata: ["reason": "\(error.sentence)"])
        }
    }

    /// Looks at the sources, and notes and returns what there is to be done.
    @discardableResult
    func reviewKey() -> String? {
        let advice = keys.advice(on: keyStatus)
        keyState.withLock { $0.advice = advice }
        return advice
    }

    /// The key that the database takes, as it was at the start or after the last rotation. Blocks nothing.
    package var keyStatus: KeyStatus { keyState.withLock { $0 } }
}
