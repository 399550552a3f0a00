import ServiceLifecycle

/// Runs the daemon's own asynchronous work: requests upstream, and calls that wait for them. Work belongs to the daemon,
/// so a client that goes away cancels nothing.
package struct BackgroundJobs {
    package typealias Job = @Sendable () async -> Void

    private let jobs: AsyncStream<Job>
    private let queue: AsyncStream<Job>.Continuation

    package init() { (jobs, queue) = AsyncStream.makeStream(of: Job.self) }

    /// Starts `job` as soon as the service runs. After `finish` it is dropped.
    package func start(_ job: @escaping Job) { queue.yield(job) }

    /// As `Service`: runs jobs until shutdown, then waits no longer than it takes to cancel what is left. What must end well before
    /// that (flights) is waited for by the service that started it.
    package func run() async {
        await withTaskGroup(of: Void.self) { running in
            running.addTask {
                await withDiscardingTaskGroup { group in
                    for await job in jobs { group.addTask { await job() } }
                }
            }
            await shutdownBegins()
            queue.finish()
            running.cancelAll()
        }
    }
}

extension BackgroundJobs: Service, CustomStringConvertible {
    package var description: String { "BackgroundJobs" }
}
