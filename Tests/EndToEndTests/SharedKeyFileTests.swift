import EndToEndHarness
import Foundation
import Testing

/// Two daemons of one user share the default key file, each with a database of its own.
@Suite(.endToEnd) struct SharedKeyFileTests {
    private static let rounds = 20

    /// Both keys are replaced at once, and both daemons killed and started again, many times: none is locked out of its
    /// database.
    @Test func keysAreReplacedAtOnce() async throws {
        let (first, second) = (try Home(), try Home())
        let environment: [String: String?] = ["QUARTILED_KEY_FILE": first.key]
        let one = try await Daemon(first, environment: environment)
        let other = try await Daemon(second, environment: environment)
        #expect(try await first.keyStatus()["key_id"] == second.keyStatus()["key_id"])
        for _ in 0..<Self.rounds {
            let rotations = try [first, second].map { try $0.start(.quartilectl, ["key", "rotate"]) }
            for rotation in rotations { #expect(try await rotation.waitForEnd() == .exit(0), "\(rotation.errors)") }
            let ids = [try await first.keyStatus()["key_id"], try await second.keyStatus()["key_id"]]
            try await one.killAndStart()
            try await other.killAndStart()
            #expect([try await first.keyStatus()["key_id"], try await second.keyStatus()["key_id"]] == ids)
        }
        try await one.stop()
        try await other.stop()
    }

    /// Replaced by one alone: the other's key is found, and its own rotation loses none.
    @Test func keyOfTheOtherIsFound() async throws {
        let (first, second) = (try Home(), try Home())
        let environment: [String: String?] = ["QUARTILED_KEY_FILE": first.key]
        let one = try await Daemon(first, environment: environment)
        let other = try await Daemon(second, environment: environment)
        let id = try await second.keyStatus()["key_id"]
        for _ in 0..<3 { try await first.ctl("key", "rotate").expect(0) }
        try await other.killAndStart()
        #expect(try await second.keyStatus()["key_id"] == id)
        try await second.ctl("key", "rotate").expect(0)
        try await one.killAndStart()
        try await other.killAndStart()
        try await one.stop()
        try await other.stop()
    }
}
