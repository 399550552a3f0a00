import EndToEndHarness
import Foundation
import Testing

/// Short lives, many callers.
@Suite(.endToEnd) struct SoakTests {
    /// How long it goes on, in seconds. Ten minutes take `QUARTILED_SOAK_SECONDS=600`.
    private static let seconds = ProcessInfo.processInfo.environment["QUARTILED_SOAK_SECONDS"].flatMap(Int.init) ?? 25

    @Test func fourProcessesNeverGetAnExpiredTokenAndNeverFail() async throws {
        let sandbox = try await Sandbox("--access-lifetime", "8s")
        let home = try Home()
        _ = try await Daemon(home, environment: ["QUARTILED_REFRESH_MARGIN": "2s"])
        try await home.logIn("ada", to: sandbox)

        let end = ContinuousClock.now + .seconds(Self.seconds)
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 { group.addTask { try await hammer(home, sandbox, until: end) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts.allSatisfy { $0 > 0 })

        let refreshes = try await sandbox.calls("refresh")
        #expect(refreshes.count >= Self.seconds / 8 - 1)
        #expect(refreshes.allSatisfy { $0["outcome"] == "rotated" })
        let fingerprints = refreshes.compactMap { $0["refresh_token_fingerprint"]?.string }
        #expect(Set(fingerprints).count == refreshes.count, "each refresh token was spent once")
        #expect(try await sandbox.calls("login").count == 1)
        let state = try await sandbox.control("GET", "state")
        #expect(state["reused"] == 0)
        #expect(state["revoked"] == 0)
    }

    /// Calls `get-token` every 100 ms and says how often.
    private func hammer(_ home: Home, _ sandbox: Sandbox, until end: ContinuousClock.Instant) async throws -> Int {
        var count = 0
        var generation = 0
        var next = ContinuousClock.now
        while next < end {
            let asked = Date.now.timeIntervalSince1970
            let json = try await home.token("ada")
            count += 1
            let token = try #require(json["access_token"]?.string)
            let expiry = try #require(try claims(token)["exp"]?.number)
            #expect(expiry > asked, "an expired token")
            #expect(json["degraded"] == nil)
            let newer = try #require(json["generation"]?.int)
            #expect(newer >= generation, "an older generation after a newer one")
            generation = newer
            let isAccepted = try await sandbox.accepts(token)
            // On a machine that is busy it may run out between our getting it and the API's looking at it.
            #expect(isAccepted || Date.now.timeIntervalSince1970 >= expiry)
            next = max(next + .milliseconds(100), .now)
            try await Task.sleep(until: next, clock: .continuous)
        }
        return count
    }
}
