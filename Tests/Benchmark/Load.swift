import EndToEndHarness
import Foundation

/// What asks the servers for something and takes the time: a C program, so that it takes little of it.
struct Load: Sendable {
    private let bench: Bench

    init(_ bench: Bench) { self.bench = bench }

    /// What came of it, by name; times are nanoseconds.
    struct Outcome: Sendable {
        private let values: [Substring: [Double]]

        fileprivate init(_ text: String) {
            var values: [Substring: [Double]] = [:]
            for line in text.split(separator: "\n") {
                let words = line.split(separator: " ")
                guard words.count == 2, let value = Double(words[1]) else { continue }
                values[words[0], default: []].append(value)
            }
            self.values = values
        }

        /// The one value of this name.
        func value(_ name: Substring) throws -> Double { try present(values[name]?.first, "\(name) of the load") }

        /// All values of this name, in order.
        func all(_ name: Substring) -> [Double] { values[name] ?? [] }
    }

    /// Runs it to its end.
    func run(_ arguments: String...) async throws -> Outcome {
        try await run(arguments)
    }

    /// Runs it to its end, and what it starts, in this environment.
    func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> Outcome {
        let process = try ChildProcess(
            bench.tool("load"),
            ["\(bench.cores.askers)"] + arguments,
            environment: environment
        )
        // Seldom, since it runs where the load does.
        let end = try await eventually("the end of the load", within: .seconds(600), every: .milliseconds(20)) {
            process.end
        }
        let (output, errors) = (process.output, process.errors)
        try process.removeOutput()
        guard end == .exit(0) else { throw Finished.Unexpected(description: "load ended with \(end): \(errors)") }
        return Outcome(output)
    }

    /// Where a client waits for an answer.
    enum Wait: String {
        /// As QuartileClient does, and whatever has an event loop or a time limit.
        case poll = "latency"
        /// A client that has nothing else to look after.
        case recv = "blocked"
    }

    /// The median time of one request after the other on one connection, in microseconds.
    func latency(_ server: Target, count: Int, waitingIn wait: Wait = .poll) async throws -> Double {
        try await run(wait.rawValue, server.socket, server.requests, "\(count)", "0").value("p50") / 1_000
    }

    /// How many requests were answered on kept connections, or on a new one for each.
    func throughput(_ server: Target, connections: Int, areKept: Bool) async throws -> Throughput {
        let command = areKept ? "kept" : "fresh"
        let arguments = [command, server.socket, server.requests, "\(connections)", "\(bench.plan.turnMilliseconds)"]
        let outcome = try await run(arguments)
        return Throughput(answers: try outcome.value("answers"), nanoseconds: try outcome.value("time"))
    }
}

/// How much was answered in a time.
struct Throughput: Sendable {
    let answers: Double
    let nanoseconds: Double

    var perSecond: Double { answers / nanoseconds * 1e9 }
}

/// A server, and what it is asked.
struct Target: Sendable {
    let socket: String
    /// A file of request lines.
    let requests: String
    let process: ChildProcess
}
