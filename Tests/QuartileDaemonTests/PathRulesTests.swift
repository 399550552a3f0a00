import Glibc
import Testing

@testable import QuartileDaemon

/// A machine with the directories and users that a test gives it.
private struct InMemoryPathSystem: PathSystem {
    var owners: [String: uid_t] = [:]
    var homes: [uid_t: String] = [:]

    func owner(ofDirectory path: String) -> uid_t? { owners[path] }
    func home(of uid: uid_t) -> String? { homes[uid] }
}

@Suite struct PathRulesTests {
    private func rules(
        _ environment: [String: String],
        owners: [String: uid_t] = [:],
        homes: [uid_t: String] = [1_000: "/home/ada"]
    ) -> PathRules {
        PathRules(environment: environment, uid: 1_000, system: InMemoryPathSystem(owners: owners, homes: homes))
    }

    private func complaint(_ path: () throws -> some Any) throws -> String {
        let error = #expect(throws: PathError.self) { _ = try path() }
        let message = try #require(error).message
        #expect(!message.contains("\n"))
        return message
    }

    @Test func aFlagWinsOverAVariable() throws {
        let rules = rules([
            "QUARTILED_SOCKET": "/e/s", "QUARTILED_DATABASE": "/e/d", "QUARTILED_CONFIG": "/e/c",
            "QUARTILED_KEY_FILE": "/e/k", "XDG_RUNTIME_DIR": "/run/x",
        ])
        #expect(try rules.socket(flag: "/f/s") == "/f/s")
        #expect(try rules.database(flag: "/f/d") == "/f/d")
        #expect(try rules.configuration(flag: "/f/c") == ConfigurationFile(path: "/f/c", isNamed: true))
        #expect(try rules.socket(flag: nil) == "/e/s")
        #expect(try rules.database(flag: nil) == "/e/d")
        #expect(try rules.configuration(flag: nil) == ConfigurationFile(path: "/e/c", isNamed: true))
        #expect(try rules.keyFile() == "/e/k")
    }

    @Test func withoutEitherTheXDGDirectoriesAreUsed() throws {
        let rules = rules([
            "HOME": "/h", "XDG_RUNTIME_DIR": "/run/x/", "XDG_STATE_HOME": "/s", "XDG_CONFIG_HOME": "/c",
            "XDG_DATA_HOME": "/d",
        ])
        #expect(try rules.socket(flag: nil) == "/run/x/quartiled/quartiled.sock")
        #expect(try rules.database(flag: nil) == "/s/quartiled/quartiled.db")
        let configuration = ConfigurationFile(path: "/c/quartiled/config.yaml", isNamed: false)
        #expect(try rules.configuration(flag: nil) == configuration)
        #expect(try rules.keyFile() == "/d/quartiled/key")
    }

    @Test(arguments: [
        ["HOME": "/home/ada"],
        ["HOME": "/home/ada", "XDG_STATE_HOME": "", "XDG_CONFIG_HOME": "c", "XDG_DATA_HOME": "./d"],
        ["HOME": ""], [:], ["HOME": "relative"],
        ["QUARTILED_DATABASE": "", "QUARTILED_CONFIG": "", "QUARTILED_KEY_FILE": "", "HOME": "/home/ada/"],
    ])
    func withoutThoseThePlacesUnderHomeAreUsed(environment: [String: String]) throws {
        let rules = rules(environment)
        #expect(try rules.database(flag: nil) == "/home/ada/.local/state/quartiled/quartiled.db")
        #expect(try rules.configuration(flag: nil).path == "/home/ada/.config/quartiled/config.yaml")
        #expect(try rules.keyFile() == "/home/ada/.local/share/quartiled/key")
    }

    @Test func withNoHomeAtAllTheErrorNamesWhatToSet() throws {
        let rules = rules([:], homes: [:])
        #expect(try complaint { try rules.database(flag: nil) }.hasSuffix("--database or QUARTILED_DATABASE"))
        #expect(try complaint { try rules.configuration(flag: nil) }.hasSuffix("--config or QUARTILED_CONFIG"))
        #expect(try complaint { try rules.keyFile() }.contains("set HOME or XDG_DATA_HOME"))
    }

    @Test(arguments: [[:], ["XDG_RUNTIME_DIR": ""], ["XDG_RUNTIME_DIR": "run"]])
    func withoutARuntimeDirectoryTheUsersOwnIsUsedIfItIsOurs(environment: [String: String]) throws {
        let ours = rules(environment, owners: ["/run/user/1000": 1_000])
        #expect(try ours.socket(flag: nil) == "/run/user/1000/quartiled/quartiled.sock")
        let foreign = rules(environment, owners: ["/run/user/1000": 0])
        #expect(try complaint { try foreign.socket(flag: nil) }.contains("--socket or QUARTILED_SOCKET"))
        let absent = rules(environment)
        #expect(try complaint { try absent.socket(flag: nil) }.contains("loginctl enable-linger"))
    }

    @Test func aSocketPathOf107BytesIsTheLongest() throws {
        let longest = "/" + String(repeating: "é", count: 53)
        #expect(longest.utf8.count == 107)
        #expect(try rules([:]).socket(flag: longest) == longest)
        let message = try complaint { try rules(["QUARTILED_SOCKET": longest + "x"]).socket(flag: nil) }
        #expect(message.contains("has 108 bytes and may have 107; name a shorter one"))
    }

    @Test func theMachineKnowsItsUsersAndDirectories() throws {
        let system = HostPathSystem()
        #expect(system.home(of: 0) == "/root")
        #expect(system.owner(ofDirectory: "/proc") == 0)
        #expect(system.owner(ofDirectory: "/nowhere") == nil)
        #expect(system.owner(ofDirectory: "/etc/passwd") == nil)
    }
}
