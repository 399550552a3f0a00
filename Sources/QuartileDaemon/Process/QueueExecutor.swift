import Dispatch

/// Runs tasks on a serial queue of its own, and so one at a time.
///
/// They are few and short, and none may block: what waits for the disk or a command has its own queue. Only loading at the
/// start, what is saved at the end and the log, where nobody reads standard error any more, hold up the others. Without a
/// preference they would run on the pool that Swift shares between all tasks, and from its first use on libdispatch wakes
/// once a second, for good, to see whether a thread of that pool is blocked. Queues like this one it does not watch.
final class QueueExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "quartiled.tasks")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
