import Glibc
import QuartileCore
import Testing

@testable import QuartileDaemon

@Suite struct AccessSettingsTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func load(_ text: String, _ environment: [String: String] = [:]) throws -> AccessSettings {
        let path = try directory.write(text, to: "config.yaml")
        let file = ConfigurationFile(path: path, isNamed: true)
        return try Configuration.load(file: file, environment: environment).access
    }

    private func complaint(_ text: String, _ environment: [String: String] = [:]) throws -> String {
        let error = #expect(throws: ConfigurationError.self) { try load(text, environment) }
        let message = try #require(error).message
        #expect(!message.contains("\n"))
        return message.replacing(directory.path + "/", with: "")
    }

    @Test func usersAreNamesOrNumbersAndLookedUpOnce() throws {
        let settings = try load(
            """
            access:
              users: [daemon, 4242, "1001"]
            accounts:
              work:
                allow: {users: [daemon], units: [backup.service, "x@1.service"]}
              a.b@c:
                allow:
                  users:
                    - 4242
                    - 7
              quiet:
                allow: {users: [], units: []}
              empty:
            """
        )
        let daemon = try #require(getpwnam("daemon")).pointee.pw_uid
        #expect(settings.users == [daemon, 4_242, 1_001])
        #expect(settings.accounts.count == 3)
        let work = try #require(AccountName("work"))
        #expect(settings.accounts[work]?.users == [daemon])
        #expect(settings.accounts[work]?.units == ["backup.service", "x@1.service"])
        let other = try #require(AccountName("a.b@c"))
        #expect(settings.accounts[other]?.users == [4_242, 7])
        #expect(settings.accountsOutOfReach == [other])
    }

    @Test(arguments: ["access:", "access: {users: []}", "accounts:", "accounts: {}", "accounts: {work: {}}"])
    func whatNamesNobodyAdmitsNobody(text: String) throws {
        #expect(try load(text) == AccessSettings())
    }

    @Test(arguments: [
        (
            "access: {users: [daemon, no-such-user-here]}",
            "config.yaml:1: entry 2 of `access.users` must be a user name"
        ),
        ("access:\n  users:\n    - no-such-user-here", "config.yaml:3: entry 1 of `access.users`"),
        ("access: {users: [no-such-user-here]}", "there is no user of this name"),
        ("access: {users: [\"\"]}", "there is no user of this name"),
        ("access: {users: [4294967295]}", "this is no uid"),
        ("access: {users: [4294967296]}", "this is no uid"),
        ("access: {users: [-1]}", "there is no user of this name"),
        ("access: {users: [65534]}", "uid 65534"),
        ("access: {users: [nobody]}", "uid 65534"),
        ("access: {users: [065534]}", "uid 65534"),
        ("access: {users: daemon}", "`access.users` must be a list of user names or uids, such as [alice, 1001]"),
        ("access: {users: }", "`access.users` must be a list"),
        ("access: {users: {daemon: 1}}", "`access.users` must be a list"),
        ("access: {users: [[daemon]]}", "entry 1 of `access.users` must be a single name"),
        ("access: {users: [~]}", "entry 1 of `access.users` must be a single name"),
        ("access: {user: [daemon]}", "there is no key `access.user`; did you mean `access.users`?"),
        ("access: [daemon]", "`access` must be a map of keys"),
        ("access: daemon", "`access` must be a map of keys"),
        ("acess: {users: [daemon]}", "did you mean `access.users`?"),
        ("accounts: [work]", "`accounts` must be a map of keys"),
        ("accounts: {a/b: {}}", "`accounts.a/b` must name an account"),
        ("accounts: {work: [x]}", "`accounts.work` must be a map with the key `allow`"),
        ("accounts: {work: {alow: {}}}", "there is no key `accounts.work.alow`; known here is allow"),
        ("accounts: {work: {allow: [daemon]}}", "`accounts.work.allow` must be a map such as {users"),
        ("accounts: {work: {allow: {user: []}}}", "no key `accounts.work.allow.user`; known here is users and units"),
        ("accounts: {work: {allow: {users: daemon}}}", "`accounts.work.allow.users` must be a list of user names"),
        (
            "accounts: {work: {allow: {users: [nobody]}}}",
            "entry 1 of `accounts.work.allow.users` must be a user name or a uid"
        ),
        ("accounts: {work: {allow: {users: [1], units: backup}}}", "`accounts.work.allow.units` must be a list of"),
        (
            "accounts: {work: {allow: {users: [1], units: [backup]}}}",
            "entry 1 of `accounts.work.allow.units` must be the name of a"
        ),
        ("accounts: {work: {allow: {units: [a.service]}}}", "`accounts.work.allow` must have users beside its units"),
        ("accounts: {? [a] : {}}", "a key must be a name"),
    ])
    func whatIsWrongIsNamedByFileKeyAndReason(text: String, message: String) throws {
        let complaint = try complaint(text)
        #expect(complaint.hasPrefix("config.yaml:"))
        #expect(complaint.contains(message), "\(complaint)")
        #expect(!complaint.contains("no-such-user-here"), "values are not repeated")
    }

    @Test func aNameTooLongForAnAccountIsNotCutToOne() throws {
        let name = String(repeating: "a", count: 65)
        #expect(try complaint("accounts: {\(name): {allow: {users: [1]}}}").contains("must name an account"))
    }

    @Test(arguments: ["QUARTILED_ACCESS_USERS", "QUARTILED_ACCOUNTS_WORK_ALLOW", "QUARTILED_ACCOUNTS"])
    func aVariableForThemIsAnError(name: String) throws {
        #expect(try complaint("", [name: "daemon"]).contains("is set in the configuration file only"))
        #expect(try load("", [name: ""]) == AccessSettings(), "an empty one is none")
    }
}
