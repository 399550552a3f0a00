import QuartileClient
import Testing

/// The rule for user 1000 in a world where only these things are.
private func rule(
    _ environment: [String: String] = [:],
    existing: Set<String> = [],
    owners: [String: UInt32] = [:]
) -> SocketPathRule {
    SocketPathRule(
        environment: { environment[$0] },
        userID: 1000,
        exists: { existing.contains($0) },
        directoryOwner: { owners[$0] }
    )
}

@Suite struct `Socket path` {
    private static let ours = ["/run/user/1000": UInt32(1000)]

    @Test func `is the one given before all others`() throws {
        let found = try rule(["QUARTILED_SOCKET": "/e", "XDG_RUNTIME_DIR": "/x"]).find(given: "/g")
        #expect(found.path == "/g")
        #expect(found.origin == .given)
    }

    @Test func `is the environment's before the defaults`() throws {
        let found = try rule(["QUARTILED_SOCKET": "e.sock", "XDG_RUNTIME_DIR": "/x"]).find()
        #expect(found.path == "e.sock")
        #expect(found.origin == .environment)
    }

    @Test func `is in XDG_RUNTIME_DIR by default`() throws {
        let found = try rule(["XDG_RUNTIME_DIR": "/x"], owners: Self.ours).find()
        #expect(found.path == "/x/quartiled/quartiled.sock")
        #expect(found.origin == .runtimeDirectory)
    }

    @Test(arguments: ["", "relative"])
    func `is not in an XDG_RUNTIME_DIR that does not count`(value: String) throws {
        let found = try rule(["XDG_RUNTIME_DIR": value, "QUARTILED_SOCKET": ""], owners: Self.ours).find()
        #expect(found.path == "/run/user/1000/quartiled/quartiled.sock")
    }

    @Test func `is in the user's run directory without the variable`() throws {
        #expect(try rule(owners: Self.ours).find().path == "/run/user/1000/quartiled/quartiled.sock")
    }

    @Test(arguments: [[:], ["/run/user/1000": 0], ["/run/user/1": 1]] as [[String: UInt32]])
    func `is not to be found without a directory that is ours`(owners: [String: UInt32]) {
        #expect(throws: ClientError.noSocketPath) { try rule(owners: owners).find() }
    }

    @Test func `is the shared one where nothing is at the user's`() throws {
        let found = try rule(["XDG_RUNTIME_DIR": "/x"], existing: [SocketPath.shared]).find()
        #expect(found.path == "/run/quartiled/quartiled.sock")
        #expect(found.origin == .shared)
    }

    @Test func `is the shared one where there is no place for the user's`() throws {
        #expect(try rule(existing: [SocketPath.shared]).find().origin == .shared)
    }

    @Test func `is the user's where both are there`() throws {
        let existing: Set = [SocketPath.shared, "/x/quartiled/quartiled.sock"]
        #expect(try rule(["XDG_RUNTIME_DIR": "/x"], existing: existing).find().origin == .runtimeDirectory)
    }

    @Test func `is never replaced by the shared one if it was named`() throws {
        #expect(try rule(existing: [SocketPath.shared]).find(given: "/g").path == "/g")
        #expect(try rule(["QUARTILED_SOCKET": "/e"], existing: [SocketPath.shared]).find().path == "/e")
    }

    @Test func `may have 107 bytes`() throws {
        let longest = "/" + String(repeating: "x", count: 106)
        #expect(try rule().find(given: longest).path == longest)
    }

    @Test(arguments: ["/" + String(repeating: "x", count: 107), String(repeating: "é", count: 54)])
    func `may not have more`(path: String) {
        let error = ClientError.socketPathTooLong(path, .given)
        #expect(throws: error) { try rule().find(given: path) }
        #expect(error.description == "the socket path is 108 bytes long, and 107 are the most: \(path)")
    }

    @Test func `may not have more from the environment either`() {
        let directory = "/" + String(repeating: "x", count: 90)
        #expect(throws: ClientError.socketPathTooLong(directory + "/quartiled/quartiled.sock", .runtimeDirectory)) {
            try rule(["XDG_RUNTIME_DIR": directory]).find()
        }
    }

    @Test func `may not be empty`() {
        #expect(throws: ClientError.emptySocketPath) { try rule().find(given: "") }
    }

    @Test func `is found for this process`() throws {
        #expect(try SocketPathRule.process.find(given: "/g").path == "/g")
        #expect(SocketPathRule.process.exists("/"))
        #expect(!SocketPathRule.process.exists("/no/such/thing"))
        #expect(SocketPathRule.process.directoryOwner("/") == 0)
        #expect(SocketPathRule.process.directoryOwner("/dev/null") == nil)
    }
}
