import EndToEndHarness
import Foundation

/// A request came to the server whose intent was not durable.
struct UnfoundedRequest: Error, CustomStringConvertible {
    let description: String
}

/// Has the disk fail in the middle of an operation, mends it, and looks whether anything was lost.
///
/// No password is stored: a set that is lost shows, since nothing but a person could replace it.
final class DiskDrill {
    /// What came of one operation on a failing disk.
    struct Trial: Sendable {
        var answer = JSON.null
        /// The calls from the moment the request was sent, and their names.
        var calls: [TracedCall] = []
        var identities: [String] = []
        /// Whether a set was received that could not be saved at first.
        var kept = false
        /// Whether a request came to the server, and its intent was looked for.
        var sent = false
    }

    let subject: Subject

    /// Starts a daemon with `ada` logged in, when its home is prepared.
    init(mode: String, prepare: (Home) async throws -> Void = { _ in }) async throws {
        subject = try await Subject(mode: mode, prepare: prepare)
        try await subject.logIn("ada", remember: false)
    }

    /// Does the operation while strace injects these errors, and then without them. Throws where a promise is broken.
    func run(_ operation: KilledOperation, inject injections: [Strace.Injection], lasting: Bool) async throws -> Trial {
        try await subject.prepare(operation, remember: false)
        let before = try await subject.token("ada").generation
        var trial = Trial()
        let roles = try ThreadRole.all(of: subject.process.pid)
        let strace = try await Strace(attachedTo: subject.process.pid, inject: injections)
        let start = StraceLog([try strace.log], roles: roles).calls.count
        trial.answer = try await perform(operation) {
            trial.sent = true
            try await checkIntent(StraceLog([try strace.log], roles: roles))
        }
        // While it lasts: the newest token is served, whatever became of the rest.
        let received = try await subject.sandbox.calls().filter {
            ["rotated", "issued"].contains($0["outcome"]?.string)
        }
        let newest = operation == .refresh ? before + received.count : before
        let token = try await subject.token("ada")
        try hold(token.generation >= newest, "generation \(token.generation) is served, \(newest) was received")
        try hold(try await subject.sandbox.accepts(token.access), "the API does not take the token that is served")
        if lasting, trial.answer["error"] != nil || received.isEmpty == false && operation == .refresh {
            let state = try await subject.result("status", [:])["state"]?.string
            trial.kept = state == "storage_failed" && token.generation > before
        }
        try await strace.detach()
        let log = StraceLog([try strace.log], roles: roles)
        trial.calls = Array(log.calls.dropFirst(start))
        trial.identities = log.identities(from: start)
        try strace.removeLog()
        try await checkNothingLost(operation, trial.answer)
        return trial
    }

    /// Sends the request and waits for the answer. What comes to the server is held there while `atTheServer` looks.
    func perform(
        _ operation: KilledOperation,
        atTheServer: () async throws -> Void
    ) async throws -> JSON {
        if operation == .refresh {
            try await subject.sandbox.fault("hang", ["call": "refresh", "when": "before", "times": .null])
        }
        let client = try WireClient(subject.home)
        try await client.send(operation.request(to: subject.sandbox, remember: false))
        if operation == .refresh {
            let here = try await eventually("a request or an answer", every: .milliseconds(2)) { () -> Bool? in
                if try await !subject.sandbox.calls("refresh").isEmpty { return true }
                return client.socket.hasSomethingToRead ? false : nil
            }
            if here { try await atTheServer() }
            try await subject.sandbox.clearFaults()
        }
        return try await client.answer()
    }

    /// Throws unless the request that just came to the server has an intent that is durable: written, and the syncs that
    /// came after that were good ones.
    private func checkIntent(_ log: StraceLog) async throws {
        let intents = try await SQLiteShell.run("SELECT count(*) FROM intents", on: subject.home.database)
        guard intents == "1\n" else { throw UnfoundedRequest(description: "a request without an intent") }
        for object in ["db", "journal"] {
            let sync = log.calls.last { $0.name == "fdatasync" && $0.object == object }
            guard sync?.isInjected == false else {
                throw UnfoundedRequest(description: "a request after a failed sync of the \(object)")
            }
        }
    }

    /// With a sound disk again: all is written within a while, and a kill takes nothing away.
    func checkNothingLost(_ operation: KilledOperation, _ answer: JSON) async throws {
        try await eventually("the daemon to write again", within: .seconds(30), every: .milliseconds(20)) {
            try await subject.result("status", [:])["state"] == "ready"
        }
        if operation == .refresh, answer["error"] != nil {
            // The daemon tries again by itself, now perhaps: this joins it, so that nothing is under way at the kill.
            _ = try await subject.result("refresh", ["account": "ada"])
        }
        let known = try await subject.token("ada")
        let guest = try await subject.isThere("guest") ? subject.token("guest") : nil
        try await subject.kill()
        try await subject.start()
        let found = try await subject.token("ada")
        guard found == known else {
            throw LostLogin("generation \(known.generation) was served, \(found.generation) is there after a restart")
        }
        let there = try await subject.isThere("guest")
        let done = answer["result"] != nil
        // A logout that the disk did not confirm was told of as failed, and may be on disk all the same.
        if operation != .logout || done {
            try hold(there == (guest != nil), "the guest is \(there ? "" : "not ")there after a restart")
        }
        if let guest, there {
            guard try await subject.token("guest") == guest else { throw LostLogin("another token of the guest's") }
        }
        if operation == .login, done { guard there else { throw LostLogin("the guest's login was acknowledged") } }
        if operation == .logout, done { try hold(!there, "the guest's logout was acknowledged") }
        try await subject.checkIntegrity()
        let refreshed = try await subject.response("refresh", ["account": "ada"])
        guard refreshed["result"]?["state"] == "active" else { throw LostLogin("the next refresh: \(refreshed.text)") }
    }

    /// At the end: no refresh token was ever presented twice.
    func checkReuse() async throws {
        let reused = try await subject.sandbox.control("GET", "state")["reused"]?.int
        try hold(reused == 0, "\(reused ?? -1) spent refresh tokens were presented again")
    }
}
