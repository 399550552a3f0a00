import EndToEndHarness
import Foundation

/// What a crash left of a database: the files, with a journal that has to be played back.
struct Wreck: Sendable {
    let files: [String: Data]
    let generation: Int
    let accessToken: String
}

extension KillDrill {
    /// Kills the daemon while it saves the answer to a refresh, when the database is written and the journal is not
    /// yet cut, and keeps what is there then.
    func wreck() async throws -> Wreck {
        let known = (generation, accessToken)
        for _ in 0..<20 {
            try await subject.prepare(.refresh, remember: remember)
            let whole = try await strike(.refresh, with: .whenDone)
            try await recover(from: whole)
            let target = whole.identities.firstIndex(of: "worker fdatasync(db)#2")
            let call = whole.calls[try present(target, "the second sync of the database in \(whole.identities)")]
            try await subject.prepare(.refresh, remember: remember)
            let before = (generation, accessToken)
            let strike = try await strike(
                .refresh,
                with: .systemCall(call.name, number: call.earlierInThread + 1, call.role, solo: nil)
            )
            if strike.struck == "worker fdatasync(db)#2" {
                let directory = URL(filePath: subject.home.database).deletingLastPathComponent()
                var files: [String: Data] = [:]
                for name in ["quartiled.db", "quartiled.db-journal"] {
                    files[name] = try Data(contentsOf: directory.appending(path: name))
                }
                try hold(files["quartiled.db-journal"]?.isEmpty == false, "the journal is empty")
                return Wreck(files: files, generation: before.0, accessToken: before.1)
            }
            try await recover(from: strike)
        }
        throw Unmet("no kill came between the writes of generation \(known.0)")
    }

    /// Puts the wreck back and starts the daemon on it, to be killed at a system call, or not at all.
    func start(_ wreck: Wreck, inject target: (name: String, number: Int)?) async throws -> Strike {
        let directory = URL(filePath: subject.home.database).deletingLastPathComponent()
        for (name, data) in wreck.files { try data.write(to: directory.appending(path: name)) }
        know(wreck.generation, wreck.accessToken)
        var strike = Strike(operation: .refresh)
        let log = try World.current.newPath("strace")
        let injections = target.map { ["-e", "inject=\($0.name):signal=KILL:when=\($0.number)"] } ?? []
        try subject.startWithoutWaiting(
            under: [Strace.path, "-D", "-f", "-ttt", "-yy", "-s", "0", "-o", log] + injections
        )
        strike.hit = try await !comesUp()
        let text = try await eventually("the log", every: .milliseconds(1)) { () -> String? in
            let text = String(decoding: try Data(contentsOf: URL(filePath: log)), as: UTF8.self)
            return !strike.hit || text.contains("+++ killed by SIGKILL +++") ? text : nil
        }
        let traced = StraceLog([text], roles: ["\(subject.process.pid)": .main])
        strike.calls = traced.calls
        strike.identities = traced.identities(from: 0)
        if strike.hit, let target {
            let index = try present(traced.struck(target.name, target.number, among: nil), "the call struck: \(target)")
            strike.struck = strike.identities[index]
        }
        try FileManager.default.removeItem(atPath: log)
        return strike
    }

    /// Whether the daemon gets so far that it answers, and stays.
    private func comesUp() async throws -> Bool {
        do {
            try await eventually("the daemon's socket", every: .milliseconds(1)) {
                if subject.process.end != nil { throw Gone() }
                do {
                    try subject.connect()
                    return true
                } catch is SystemError {
                    return false
                }
            }
            // It listens long before it has opened the database.
            _ = try await subject.client.call("hello")
            _ = try await subject.process.waitForEnd(within: .milliseconds(30))
            return false
        } catch is TimedOut {
            // The connection was cut off, or it is still there.
            return try await !ended()
        } catch is SystemError {
            return try await !ended()
        } catch is Gone {
            return false
        }
    }

    private struct Gone: Error {}

    /// Whether the process is gone, or about to be.
    private func ended() async throws -> Bool {
        do {
            _ = try await subject.process.waitForEnd(within: .milliseconds(30))
            return true
        } catch is TimedOut {
            return false
        }
    }
}
