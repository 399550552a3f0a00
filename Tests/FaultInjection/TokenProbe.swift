import EndToEndHarness
import Foundation
import Synchronization

/// Asks for a token again and again on a connection of its own, as a program would that knows nothing of the fault, and
/// looks at every answer.
final class TokenProbe: Sendable {
    /// What it saw.
    struct Reading: Sendable {
        var latencies = Latencies()
        /// The first few answers that were not a good token.
        var problems: [String] = []
        /// When each token was served first.
        var tokens: [String: Date] = [:]
        fileprivate var generation = 0

        fileprivate mutating func take(_ answer: [UInt8]) {
            do {
                let answer = try JSON(String(decoding: answer, as: UTF8.self))
                guard let token = answer["result"], let text = token["access_token"]?.string,
                    let left = token["expires_in"]?.int, let next = token["generation"]?.int
                else { return complain("no token: \(answer.text)") }
                if left <= 0 { complain("a token with \(left) s left") }
                if next < generation { complain("generation \(next) after \(generation)") }
                generation = max(generation, next)
                if tokens[text] == nil { tokens[text] = Date() }
            } catch {
                complain("no JSON: \(error)")
            }
        }

        fileprivate mutating func complain(_ problem: String) {
            if problems.count < 5 { problems.append(problem) }
        }
    }

    /// Shared with the thread.
    private final class Ending: Sendable {
        let hasCome = Mutex(false)
    }

    private let ending = Ending()
    private let reading: Task<Reading, any Error>

    /// Begins, with so long a pause after each answer, and a new connection after each if it is told so.
    init(_ home: Home, account: String, every pause: Duration, reconnecting: Bool = false) {
        let params: JSON = ["account": .string(account)]
        let request: JSON = ["jsonrpc": "2.0", "id": 1, "method": "get_token", "params": params]
        let line = Array((request.text + "\n").utf8)
        let microseconds = useconds_t(pause / .microseconds(1))
        reading = Task { [ending] in
            try await onThread {
                var reading = Reading()
                var connection = try BlockingConnection(home)
                repeat {
                    let start = ContinuousClock.now
                    if reconnecting { connection = try BlockingConnection(home) }
                    let answer = try connection.exchange(line)
                    reading.latencies.add(ContinuousClock.now - start)
                    reading.take(answer)
                    usleep(microseconds)
                } while !ending.hasCome.withLock { $0 }
                return reading
            }
        }
    }

    /// Ends it and returns what it saw.
    func finish() async throws -> Reading {
        ending.hasCome.withLock { $0 = true }
        return try await reading.value
    }
}
