import Dispatch
package import QuartileCore
import Synchronization

/// Hands changes to the store one transaction at a time. Changes that come while one is being written share the next:
/// many accounts due at once cost a few syncs, not one each.
package final class CommitQueue: Sendable {
    /// Called once, on the queue's own thread, when the change is durable (nil) or was not written.
    package typealias Completion = @Sendable (StoreError?) -> Void

    private let store: any TokenStore
    private let queue = DispatchQueue(label: "quartiled.commit")
    private let waiting = Mutex<[(StoreChange, Completion)]>([])
    private let isWriting = Atomic(false)

    package init(store: any TokenStore) { self.store = store }

    /// Queues a change. Changes of one account are written in the order they were queued.
    package func submit(_ change: StoreChange, completion: @escaping Completion) {
        let first = waiting.withLock { waiting in
            waiting.append((change, completion))
            return waiting.count == 1
        }
        if first { queue.async { self.drain() } }
    }

    /// Queues a change and waits until it is durable.
    package func commit(_ change: StoreChange) async throws(StoreError) {
        let error = await withCheckedContinuation { continuation in
            submit(change) { continuation.resume(returning: $0) }
        }
        if let error { throw error }
    }

    /// Whether nothing waits and nothing is being written.
    package var isIdle: Bool { !isWriting.load(ordering: .relaxed) && waiting.withLock(\.isEmpty) }

    /// Returns when all that was queued so far has been written or has failed.
    package func flush() { queue.sync {} }

    private func drain() {
        isWriting.store(true, ordering: .relaxed)
        defer { isWriting.store(false, ordering: .relaxed) }
        let batch = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        guard let error = write(batch.map(\.0)) else { return batch.forEach { $0.1(nil) } }
        guard batch.count > 1 else { return batch.forEach { $0.1(error) } }
        // One change that can't be written must not take the others with it.
        for (change, completion) in batch { completion(write([change])) }
    }

    private func write(_ changes: [StoreChange]) -> StoreError? {
        do {
            try store.commit(changes)
            return nil
        } catch {
            return error
        }
    }
}
