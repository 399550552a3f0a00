import EndToEndHarness
import Foundation

extension Row {
    /// How long programs wait after a restart.
    static let start = Row("P7", "start to READY=1 with 10,000 accounts") { bench in
        let repetitions = bench.plan.count(smoke: 2, full: 21)
        let many = try await startTimes(bench.plan.manyAccounts, repetitions)
        let few = try await startTimes(bench.plan.fewAccounts, repetitions)
        return [
            Figure("start", many.map(\.time), .milliseconds, bar: .atMost(300)),
            Figure("processor time of it", many.map(\.processorTime), .milliseconds),
            Figure("start with few accounts", few.map(\.time), .milliseconds),
            Figure("processor time of it", few.map(\.processorTime), .milliseconds),
        ]
    }

    private struct Start {
        var time: Double
        /// A machine that is busy with other things shows in this the least.
        var processorTime: Double
    }

    private static func startTimes(_ accounts: Int, _ repetitions: Int) async throws -> [Start] {
        let subject = try await Subject(accounts: accounts)
        try await subject.daemon.stop()
        var starts: [Start] = []
        for repetition in 0...repetitions {
            let notices = try NotifySocket()
            let begin = ContinuousClock.now
            let process = try subject.home.start(.quartiled, environment: ["NOTIFY_SOCKET": notices.path])
            let ready = try await notices.waitForReady()
            let processorTime = try ProcessFigures(process).processorTime() / 1e6
            if repetition > 0 {
                starts.append(Start(time: (ready - begin) / .milliseconds(1), processorTime: processorTime))
            }
            process.signal(SIGTERM)
            let end = try await process.waitForEnd()
            guard end == .exit(0) else {
                throw Finished.Unexpected(description: "quartiled ended with \(end): \(process.errors)")
            }
        }
        return starts
    }
}
