import Dispatch
import QuartileCore

/// Tells of the key and replaces it, away from the threads that serve: a key command and a disk take their time.
package final class KeyKeeper: Sendable {
    private let store: SQLiteTokenStore
    private let queue = DispatchQueue(label: "quartiled.key")

    /// Keeps the key of this store.
    package init(store: SQLiteTokenStore) { self.store = store }

    /// The key that the database takes. Known, so this does not block.
    package var status: KeyStatus { store.keyStatus }

    /// Has a new key take the place of the present one: see ``SQLiteTokenStore/rotateKey()``.
    package func rotate() async throws(RequestFailure) -> KeyStatus {
        let result: Result<KeyStatus, KeyRotationError> = await withCheckedContinuation { continuation in
            queue.async { [store] in
                let result = Result { () throws(KeyRotationError) in try store.rotateKey() }
                continuation.resume(returning: result)
            }
        }
        do throws(KeyRotationError) {
            return try result.get()
        } catch {
            switch error {
            case .noNewKey(let sentence): throw .noNewKey(sentence)
            case .notNow(let sentence): throw .keyNotReady(sentence)
            case .storage(let sentence): throw .failed(Failure(.storageFailed, sentence), retryAt: nil)
            }
        }
    }
}
