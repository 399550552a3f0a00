import EndToEndHarness
import Foundation
import Glibc
import Testing

/// The owner can see who took what.
@Suite(.endToEnd) struct AuditTests {
    private func entries(_ home: Home, _ arguments: String...) async throws -> [JSON] {
        let run = try await home.run(.quartilectl, ["audit", "--json"] + arguments).expect(0)
        return try #require(try JSON(run.output)["entries"]).elements
    }

    @Test func aCallIsListedWithProcessUserProgramAndOutcome() async throws {
        let home = try Home()
        let daemon = try await Daemon(home)
        try await home.logIn("work", to: try await Sandbox())
        let before = Int(Date.now.timeIntervalSince1970)
        let caller = try home.start(.quartilectl, ["get-token", "--account", "work"])
        #expect(try await caller.waitForEnd() == .exit(0))
        try await home.ctl("get-token", "--account", "absent").expect(67)

        let entries = try await entries(home)
        let taken = try #require(entries.first { $0["pid"]?.int == Int(caller.pid) })
        #expect(
            taken.names
                == ["time", "count", "pid", "uid", "executable", "unit", "account", "method", "outcome"]
        )
        #expect(taken["method"] == "get_token")
        #expect(taken["account"] == "work")
        #expect(taken["outcome"] == "ok")
        #expect(taken["count"] == 1)
        #expect(taken["uid"]?.int == Int(geteuid()))
        let program = URL(filePath: try Program.quartilectl.path).resolvingSymlinksInPath().path
        #expect(taken["executable"]?.string == String(program.suffix(256)))
        let time = try #require(taken["time"]?.string)
        let seconds = try #require(try? Date(time, strategy: .iso8601)).timeIntervalSince1970
        #expect((before...before + 90).contains(Int(seconds)))

        #expect(entries.first?["outcome"] == "account_not_found", "the newest first")
        #expect(entries.first?["account"] == .null, "a name that anybody can make up")
        #expect(entries.contains { $0["method"] == "login" && $0["account"] == "work" && $0["outcome"] == "ok" })
        #expect(try await self.entries(home, "--account", "work").allSatisfy { $0["account"] == "work" })
        #expect(try await self.entries(home, "--limit", "1").count == 1)
        let text = try await home.ctl("audit").expect(0).output
        #expect(text.contains("get_token work, ok\n"))
        try await home.ctl("audit", "--limit", "0").expect(64)
        let absent = try await home.ctl("audit", "--account", "absent").expect(67)
        #expect(absent.output.isEmpty)
        #expect(absent.errors.contains("there is no account absent"))
        try await daemon.stop()
    }

    @Test func itOutlivesTheDaemonAndRepeatsAreOneEntry() async throws {
        let home = try Home()
        let daemon = try await Daemon(home)
        try await home.logIn("work", to: try await Sandbox())
        let wire = try WireClient(home)
        for _ in 0..<1_000 { _ = try await wire.call("get_token", ["account": "work"]) }
        #expect(try await daemon.stop() == .exit(0))
        try await daemon.start()
        let entries = try await entries(home).filter { $0["method"] == "get_token" }
        #expect(entries.reduce(0) { $0 + ($1["count"]?.int ?? 0) } == 1_000)
        #expect(entries.count <= 10, "an entry for each time that it was written")
        #expect(entries.allSatisfy { $0["pid"]?.int == Int(getpid()) })
    }

    @Test func aLogoutLeavesOneEntryWithNoName() async throws {
        let home = try Home()
        let daemon = try await Daemon(home)
        let sandbox = try await Sandbox()
        for account in ["ada.of.the.tower", "work"] { try await home.logIn(account, to: sandbox) }
        // Some of it stored, some in memory.
        _ = try await home.token("ada.of.the.tower")
        try await daemon.stop()
        try await daemon.start()
        _ = try await home.token("ada.of.the.tower")
        try await home.ctl("logout", "--account", "ada.of.the.tower").expect(0)
        try await home.ctl("get-token", "--account", "ada.of.the.tower").expect(67)

        func check() async throws {
            let entries = try await entries(home)
            #expect(entries.allSatisfy { $0["account"] != "ada.of.the.tower" })
            #expect(entries.count { $0["method"] == "logout" && $0["account"] == .null && $0["outcome"] == "ok" } == 1)
            #expect(entries.contains { $0["method"] == "login" && $0["account"] == "work" })
        }
        try await check()
        try await daemon.stop()
        let database = try Data(contentsOf: URL(filePath: home.database))
        #expect(database.range(of: Data("ada.of.the.tower".utf8)) == nil)
        try await daemon.start()
        try await check()
    }
}
