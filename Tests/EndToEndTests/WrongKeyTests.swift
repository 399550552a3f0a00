import EndToEndHarness
import Foundation
import Testing

/// A key that is missing or wrong, of each source: 78, and nothing beside the database is touched.
@Suite(.endToEnd) struct WrongKeyTests {
    enum Source: String, CaseIterable {
        case file
        case command
        case credential
    }

    /// What is wrong with the key.
    enum Fault: String, CaseIterable {
        case another
        case missing
        case noKey
        case shortened
    }

    @Test(arguments: Source.allCases, Fault.allCases)
    func theDaemonEndsWith78AndTouchesNothing(source: Source, fault: Fault) async throws {
        let home = try Home()
        let given = home.directory + "/given"
        try makeDirectory(given)
        var environment: [String: String?] = [:]
        let path: String
        switch source {
        case .file: path = home.key
        case .command:
            path = given + "/secret"
            try home.makeKey(at: path)
            environment["QUARTILED_KEY_COMMAND"] = "cat '\(path)'"
        case .credential:
            path = given + "/quartiled.key"
            try home.makeKey(at: path)
            environment["CREDENTIALS_DIRECTORY"] = given
        }
        let daemon = try await Daemon(home, environment: environment)
        try await home.logIn("ada", to: try await Sandbox())
        let token = try await home.token("ada")
        #expect(try await home.keyStatus()["source"]?.string?.hasSuffix(source.rawValue) == true)
        try await daemon.stop()

        let key = try Data(contentsOf: URL(filePath: path))
        switch fault {
        case .another: try home.makeKey(at: path)
        case .missing:
            try FileManager.default.removeItem(atPath: path)
            // A command that fails is tried again later (75), so here there is none.
            environment["QUARTILED_KEY_COMMAND"] = .some(nil)
        case .noKey: try Data("no key\n".utf8).write(to: URL(filePath: path))
        case .shortened: try key.dropLast(5).write(to: URL(filePath: path))
        }
        let files = DatabaseFiles(home: home)
        func check() async throws {
            let before = try files.contents()
            let keyBefore = FileManager.default.contents(atPath: path)
            for _ in 0..<2 {
                let run = try await home.run(.quartiled, environment: environment).expect(78)
                #expect(run.output.isEmpty)
                #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
            }
            let after = try files.contents()
            #expect(before.keys.sorted() == after.keys.sorted())
            for (name, content) in before { #expect(after[name] == content, "\(name)") }
            #expect(FileManager.default.contents(atPath: path) == keyBefore, "the key")
        }
        try await check()

        _ = FileManager.default.createFile(atPath: path, contents: key, attributes: [.posixPermissions: 0o600])
        try await daemon.start()
        #expect(try await home.token("ada")["access_token"] == token["access_token"])
    }

    /// As somebody at a prompt may have left it: SQLite has more files then, and needs them for reading.
    @Test func aDatabaseWithAWriteAheadLogIsLeftAsItIs() async throws {
        let home = try Home()
        let daemon = try await Daemon(home)
        try await home.logIn("ada", to: try await Sandbox())
        try await daemon.stop()
        let files = DatabaseFiles(home: home)
        try files.change("PRAGMA journal_mode = WAL")
        let key = try Data(contentsOf: URL(filePath: home.key))
        try home.makeKey(at: home.key)
        let before = try files.contents()
        try await home.run(.quartiled).expect(78)
        #expect(try files.contents() == before)
        try key.write(to: URL(filePath: home.key))
        try await daemon.start()
        #expect(try await home.token("ada")["generation"] == 1)
    }
}
