import EndToEndHarness
import Foundation
import Testing

/// What a logout leaves on disk of the account: nothing, in no file, whatever there was of it.
@Suite(.endToEnd) struct LogoutTraceTests {
    private let account = "ada.of.the.tower"
    private let username = "ada.of.the.tower@in-the-north.example"

    /// How the daemon ends after its answer.
    enum End: CaseIterable {
        case killed
        case stopped
    }

    @Test(arguments: End.allCases)
    func nothingOfTheAccountIsLeftInAnyFile(end: End) async throws {
        let sandbox = try await Sandbox("--username", username)
        let bob: JSON = ["username": "bob@example.com", "password": "horse-of-bob"]
        try await sandbox.control("POST", "users", bob)
        let home = try Home()
        let files = DatabaseFiles(home: home)
        let daemon = try await Daemon(home, environment: ["QUARTILED_API_TIMEOUT": "1s"])
        try await home.logIn(account, to: sandbox)
        var credentials = sandbox.credentials
        if case .object(let members) = credentials, case .object(let more) = bob {
            credentials = .object(members.merging(more) { $1 })
        }
        let login = ["login", "--account", "bob", "--base-url", sandbox.url, "--credentials", "-"]
        try await home.run(.quartilectl, login, input: .text(credentials.text)).expect(0)
        var sealed = try files.sealedValues(of: account)

        // An answer that can't be read, an error, a new set, new credentials; the audit of all of it.
        for kind in ["malformed", "html"] {
            try await sandbox.fault(kind, ["call": "refresh"])
            try await sandbox.fault("html", ["call": "login"])
            _ = try await home.ctl("refresh", "--account", account)
            sealed.formUnion(try files.sealedValues(of: account))
            try await sandbox.clearFaults()
            try await home.logIn(account, to: sandbox)
            sealed.formUnion(try files.sealedValues(of: account))
        }
        try await home.run(
            .quartilectl,
            ["update", "--account", account, "--credentials", "-"],
            input: .text(sandbox.credentials.text)
        ).expect(0)
        sealed.formUnion(try files.sealedValues(of: account))
        #expect(sealed.count > 12)

        // An open intent, and a copy of it from before a migration; then the audit on disk.
        try await sandbox.fault("hang", ["call": "refresh", "when": "after"])
        let seen = try await sandbox.calls().count
        let client = try home.start(.quartilectl, ["refresh", "--account", account])
        try await sandbox.waitForCall("refresh") { ($0["n"]?.int ?? 0) > seen }
        try await daemon.kill()
        client.signal(SIGKILL)
        try await sandbox.clearFaults()
        try files.change("DROP TABLE audit; PRAGMA user_version = 2")
        try await daemon.start()
        _ = try await home.token(account)
        try await daemon.stop()
        try await daemon.start()
        // An error that is told of.
        try await home.waitUntil(account, is: "active")
        try await sandbox.fault("html", ["call": "refresh", "times": .null])
        try await sandbox.fault("html", ["call": "login", "times": .null])
        _ = try await home.ctl("refresh", "--account", account)
        sealed.formUnion(try files.sealedValues(of: account))

        let search = LeakSearch(
            sealed.enumerated().map { LeakSecret(name: "sealed value \($0)", bytes: Array($1)) } + [
                LeakSecret(name: "name", text: account), LeakSecret(name: "username", text: username),
            ]
        )
        func traces() throws -> [String: Set<String>] {
            var traces: [String: Set<String>] = [:]
            for (name, content) in try files.contents() {
                let found = search.findings(in: content.bytes).map(\.secret)
                if !found.isEmpty { traces[name] = Set(found) }
            }
            return traces
        }
        let before = try traces()
        #expect(before["quartiled.db"]?.isSuperset(of: ["name", "username"]) == true, "it is there to be found")
        #expect(before["quartiled.db.before-v3"]?.isSuperset(of: ["name", "username"]) == true)
        #expect(before.values.reduce(0) { $0 + $1.count { $0.hasPrefix("sealed") } } >= 4)

        let answer = try await WireClient(home).call("logout", ["account": .string(account)])
        if end == .killed { try await daemon.kill() }
        #expect(answer["result"]?["removed"] == true)
        #expect(try traces() == [:])
        if end == .stopped { try await daemon.stop() }
        #expect(try traces() == [:])
        #expect(try files.contents()["quartiled.db.ballast"]?.bytes.contains { $0 != 0 } == false)

        // Nor does it come back.
        try await daemon.start()
        try await home.ctl("get-token", "--account", account).expect(67)
        let audit = try await home.ctl("audit", "--json").expect(0).output
        #expect(!audit.contains(account))
        #expect(end == .killed || audit.contains("\"logout\""))
        #expect(try await home.token("bob")["generation"] == 1)
        try await daemon.stop()
        #expect(try traces() == [:])
    }
}
