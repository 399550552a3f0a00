import EndToEndHarness
import Foundation
import Synchronization

/// A refresh on a disk that can't be written: from before it, or from the server's rotation on.
struct ScarcityTrial: Sendable {
    enum Moment: String, Sendable, CaseIterable {
        case beforeTheRefresh
        case afterTheRotation
    }

    let mode: String
    let scarcity: Scarcity
    let moment: Moment

    var name: String { "F5/\(mode)/\(scarcity.name)/\(moment.rawValue)" }

    /// What the trials came to.
    final class Findings: Sendable {
        struct Counts: Sendable {
            /// Refreshes that were refused, with nothing sent.
            var refused = 0
            /// Sets that were received and could not be saved before there was room again.
            var kept = 0
            /// Sets that were saved although the disk was full, and of how many that had to be.
            var saved = 0
            var toBeSaved = 0
        }

        private let counts = Mutex(Counts())

        var all: Counts { counts.withLock { $0 } }

        func note(_ change: (inout Counts) -> Void) { counts.withLock { change(&$0) } }
    }

    func run(_ findings: Findings) async throws -> Tally {
        var tally = Tally()
        let disk = Mutex<SmallDisk?>(nil)
        let drill = try await DiskDrill(mode: mode) { home in
            guard let size = scarcity.disk else { return }
            let mounted = try await SmallDisk(at: home.state, kibibytes: size)
            disk.withLock { $0 = mounted }
        }
        let mounted = disk.withLock { $0 }
        do {
            try await attempt(drill, mounted, findings)
            tally.count(name, problem: nil)
        } catch {
            tally.count(name, failed: error, "; the daemon said: \(try drill.subject.lastWords())")
        }
        await drill.subject.end()
        try await mounted?.unmount()
        return tally
    }

    private func attempt(_ drill: DiskDrill, _ disk: SmallDisk?, _ findings: Findings) async throws {
        let subject = drill.subject
        let ballast = subject.home.database + ".ballast"
        let wanted = if case .space(_, ballast: false) = scarcity { false } else { true }
        let held = try size(of: ballast)
        try hold(held == (wanted ? 1 << 20 : 0), "a ballast of \(held) bytes")
        try await subject.prepare(.refresh, remember: false)
        let before = try await subject.token("ada").generation
        let client = try WireClient(subject.home)
        let request = KilledOperation.refresh.request(to: subject.sandbox, remember: false)
        let end: () async throws -> Void
        switch moment {
        case .beforeTheRefresh:
            end = try await scarcity.begin(subject, disk)
            try await client.send(request)
        case .afterTheRotation:
            try await subject.sandbox.fault("hang", ["call": "refresh", "when": "after"])
            try await client.send(request)
            try await subject.sandbox.waitForCall("refresh") { $0["outcome"] == "rotated" }
            end = try await scarcity.begin(subject, disk)
            try await subject.sandbox.clearFaults()
        }
        let answer = try await client.answer()
        try await checkMeanwhile(subject, before, answer, findings)
        if case .space = scarcity { try await checkRestart(subject) }
        try await end()
        try await drill.checkNothingLost(.refresh, answer)
        try await drill.checkReuse()
    }

    /// While it lasts: the newest token is served, and the state tells.
    private func checkMeanwhile(_ subject: Subject, _ before: Int, _ answer: JSON, _ findings: Findings) async throws {
        let received = try await subject.sandbox.calls("refresh").count { $0["outcome"] == "rotated" }
        let token = try await subject.token("ada")
        try hold(token.generation == before + received, "generation \(token.generation), \(received) after \(before)")
        try hold(try await subject.sandbox.accepts(token.access), "the API does not take the token that is served")
        let stored = try await SQLiteShell.generation(in: subject.home.database)
        let isSaved = stored == token.generation
        let state = try await subject.result("status", [:])["state"]?.string
        let refused = answer["error"] != nil
        if refused {
            try hold(answer["error"]?["data"]?["code"] == "storage_failed", "the refresh answered \(answer.text)")
            try hold(received == 0, "a request that the store had refused")
        }
        // By the time of the look, the daemon may have tried again and come through.
        let expected = refused || !isSaved ? "storage_failed" : "ready"
        try hold(state == expected, "the state is \(state ?? "none") with \(stored ?? 0) stored of \(token.generation)")
        if case .space(_, ballast: true) = scarcity, moment == .afterTheRotation {
            findings.note {
                $0.toBeSaved += 1
                $0.saved += isSaved ? 1 : 0
            }
            try hold(isSaved, "generation \(stored ?? 0) is stored on the full disk, not \(token.generation)")
        }
        findings.note {
            $0.refused += refused ? 1 : 0
            $0.kept += isSaved ? 0 : 1
        }
    }

    /// What is saved on a full disk is there after a restart on that full disk.
    private func checkRestart(_ subject: Subject) async throws {
        let token = try await subject.token("ada")
        guard try await SQLiteShell.generation(in: subject.home.database) == token.generation else { return }
        try await subject.kill()
        try await subject.start()
        guard try await subject.token("ada") == token else {
            throw LostLogin("another token after a restart when full")
        }
    }

    private func size(of path: String) throws -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else {
            if errno == ENOENT { return 0 }
            throw SystemError("stat \(path)")
        }
        return Int(status.st_size)
    }
}
