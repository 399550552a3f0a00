import EndToEndHarness
import Testing

/// Tokens that a program saw refused.
@Suite(.endToEnd) struct RejectionTests {
    private let sandbox: Sandbox
    private let home: Home

    init() async throws {
        sandbox = try await Sandbox()
        home = try Home()
        _ = try await Daemon(home)
        try await home.logIn("ada", to: sandbox)
    }

    @Test func theNewestIsReplacedOnceAndNotAgainAtOnce() async throws {
        let refused = try #require(try await home.token("ada")["access_token"]?.string)
        let first = try await home.ctl("reject", "--account", "ada", input: .text(refused + "\n")).expect(0)
        #expect(first.output == "ada: refreshed, the token is now of generation 2\n")
        let second = try await home.ctl("reject", "--account", "ada", input: .text(refused + "\n")).expect(0)
        #expect(second.output == "ada: already replaced, the token is of generation 2\n")
        let third = try await home.ctl("reject", "--account", "ada", "--generation", "2").expect(0)
        #expect(third.output == "ada: not refreshed, the last refresh was less than 30 s ago (generation 2)\n")
        #expect(try await sandbox.calls("refresh").count == 1)
    }

    @Test func itsReplacementFailsWithTheErrorOfTheRefresh() async throws {
        try await sandbox.fault("status", ["code": 503, "call": "refresh"])
        let refused = try await home.ctl("reject", "--account", "ada", "--generation", "1").expect(75)
        #expect(refused.errors.contains("503"))
        #expect(refused.output.isEmpty)
    }

    @Test func anUnknownAccountIsToldSo() async throws {
        try await home.ctl("reject", "--account", "eve", "--generation", "1").expect(67)
    }
}
