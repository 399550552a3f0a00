import EndToEndHarness
import Foundation
import Glibc
import Testing

import enum QuartileWire.Method

/// Who may do what, tried as real other users of one machine.
@Suite(
    .endToEnd,
    .enabled(if: SharedMachine.canRun, "needs root, to be other users, and nsenter, setpriv and mount namespaces")
)
struct RolesTests {
    private let owner = SharedMachine.User("quartiled-owner", uid: 52_001)
    private let alice = SharedMachine.User("quartiled-alice", uid: 52_002)
    private let bob = SharedMachine.User("quartiled-bob", uid: 52_003)
    private let carol = SharedMachine.User("quartiled-carol", uid: 52_004)

    private let configuration = """
        access: {users: [quartiled-alice, 52003, 52005, 52006]}
        accounts:
          work: {allow: {users: [quartiled-alice]}}
          dream: {allow: {users: [quartiled-alice]}}
        """

    /// A machine with a daemon that has the accounts `work` and `home`. Alice may have `work` (and `dream`, which is not
    /// there), Bob is listed and may have none, Carol is a stranger.
    private func withDaemon(_ body: (SharedMachine, Sandbox) async throws -> Void) async throws {
        let sandbox = try await Sandbox()
        let machine = try await SharedMachine([owner, alice, bob, carol])
        let daemon = try await machine.startDaemon(of: owner, configuration: configuration)
        for account in ["work", "home"] {
            try await machine.ctl(
                "login",
                "--account",
                account,
                "--base-url",
                sandbox.url,
                "--credentials",
                "-",
                as: owner,
                input: .text(sandbox.credentials.text)
            ).expect(0)
        }
        try await body(machine, sandbox)
        daemon.signal(SIGTERM)
        #expect(try await daemon.waitForEnd() == .exit(0))
    }

    @Test func listedUsersGetWhatTheyAreAllowedWithNoChmodAndNoVariable() async throws {
        try await withDaemon { machine, _ in
            let token = try await machine.ctl("get-token", "--account", "work", as: owner).expect(0).output
            #expect(try await machine.ctl("get-token", "--account", "work", as: alice).expect(0).output == token)
            #expect(try await machine.ctl("get-token", as: alice).expect(0).output == token, "the only one there is")

            let refused = try await machine.ctl("get-token", "--account", "work", as: bob).expect(67)
            let absent = try await machine.ctl("get-token", "--account", "wark", as: bob).expect(67)
            #expect(refused.errors.contains("there is no account work"))
            #expect(refused.errors == absent.errors.replacing("wark", with: "work"))

            let stranger = try await machine.ctl("get-token", "--account", "work", as: carol).expect(77)
            #expect(stranger.output.isEmpty)
            #expect(stranger.errors.contains("this user may not connect to /run/quartiled/quartiled.sock"))
        }
    }

    @Test func nobodyElseIsLetThroughByTheFileSystem() async throws {
        try await withDaemon { machine, _ in
            let modes = try await machine.run(
                ["/usr/bin/stat", "-c", "%a %u", "/run/quartiled", "/run/quartiled/quartiled.sock"],
                as: .root
            ).expect(0).output
            #expect(modes == "710 \(owner.uid)\n660 \(owner.uid)\n")
            let look = ["/bin/ls", "/run/quartiled"]
            // Alice gets through it, and has no look into it.
            for user in [alice, carol] {
                let run = try await machine.run(look, as: user)
                #expect(run.end == .exit(2))
                #expect(run.errors.contains("cannot open directory '/run/quartiled': Permission denied"))
            }
            let connect = ["/usr/bin/perl", "-e", Self.connecting]
            try await machine.run(connect, as: alice).expect(0)
            #expect(try await machine.run(connect, as: carol).errors == "connect: Permission denied\n")
        }
    }

    private static let connecting = """
        use Socket;
        socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die;
        connect($s, pack_sockaddr_un('/run/quartiled/quartiled.sock')) or die "connect: $!\\n";
        """

    @Test func aStrangerReadsNothingWithEverythingOpenedToAll() async throws {
        try await withDaemon { machine, _ in
            try await machine.run(["/bin/chmod", "755", "/run/quartiled"], as: owner).expect(0)
            try await machine.run(["/bin/chmod", "666", "/run/quartiled/quartiled.sock"], as: owner).expect(0)
            let hello = [#"{"jsonrpc":"2.0","id":1,"method":"hello"}"#]
            let overflow = SharedMachine.User("nobody", uid: 65_534)
            for user in [carol, overflow] { #expect(try await machine.exchange(hello, as: user) == "") }
            for user in [owner, alice, bob, .root] {
                #expect(try await machine.exchange(hello, as: user).contains(#""protocol":1"#))
            }
            let line = try await machine.ctl("list", as: carol).expect(77).errors
            #expect(line.contains("it does not admit this user"))
        }
    }

    @Test func aStrangerWhoIsRootInANamespaceIsAStranger() async throws {
        try await withDaemon { machine, _ in
            try await machine.run(["/bin/chmod", "755", "/run/quartiled"], as: owner).expect(0)
            try await machine.run(["/bin/chmod", "666", "/run/quartiled/quartiled.sock"], as: owner).expect(0)
            let inside = ["/usr/bin/unshare", "--user", "--map-root-user", SharedMachine.path(.quartilectl), "list"]
            #expect(try await machine.run(inside, as: carol).end == .exit(77))
        }
    }

    /// One method, and what comes of it for each role. `nil` is a result, a text the name of an error.
    struct Row: Sendable {
        let method: String
        let params: String
        /// The owner's and root's.
        let owner: String?
        /// A listed user's who may have the account.
        let allowed: String?
        /// A listed user's who may not.
        let refused: String?

        init(_ method: String, _ params: String, owner: String?, allowed: String?, refused: String?) {
            self.method = method
            self.params = params
            self.owner = owner
            self.allowed = allowed
            self.refused = refused
        }

        /// A method that is the owner's alone.
        init(ownersOwn method: String, _ params: String, owner: String?) {
            self.init(method, params, owner: owner, allowed: "permission_denied", refused: "permission_denied")
        }
    }

    private static let table = [
        Row("hello", "{}", owner: nil, allowed: nil, refused: nil),
        Row("get_token", #"{"account":"work"}"#, owner: nil, allowed: nil, refused: "account_not_found"),
        Row("list_accounts", "{}", owner: nil, allowed: nil, refused: nil),
        Row("status", "{}", owner: nil, allowed: nil, refused: nil),
        Row("status", #"{"account":"work"}"#, owner: nil, allowed: nil, refused: "account_not_found"),
        Row("validate", #"{"account":"work"}"#, owner: nil, allowed: nil, refused: "account_not_found"),
        Row(
            "reject_token",
            #"{"account":"work","generation":99}"#,
            owner: nil,
            allowed: nil,
            refused: "account_not_found"
        ),
        Row(
            "reject_token",
            #"{"account":"work"}"#,
            owner: "invalid_params",
            allowed: "invalid_params",
            refused: "invalid_params"
        ),
        Row(ownersOwn: "login", "{}", owner: "invalid_params"),
        Row(ownersOwn: "import_tokens", "{}", owner: "invalid_params"),
        Row(ownersOwn: "update_account", #"{"account":"work"}"#, owner: "invalid_params"),
        Row(ownersOwn: "refresh", #"{"account":"work"}"#, owner: nil),
        Row(ownersOwn: "audit", "{}", owner: nil),
        Row(ownersOwn: "key_status", "{}", owner: nil),
        Row(ownersOwn: "key_rotate", "{}", owner: nil),
        Row(ownersOwn: "logout", #"{"account":"nothing"}"#, owner: "account_not_found"),
    ]

    @Test func everyMethodForEveryRole() async throws {
        #expect(Set(Self.table.map(\.method)) == Set(Method.allCases.map(\.rawValue)))
        try await withDaemon { machine, _ in
            // So that even a stranger's requests come as far as the daemon.
            try await machine.run(["/bin/chmod", "755", "/run/quartiled"], as: owner).expect(0)
            try await machine.run(["/bin/chmod", "666", "/run/quartiled/quartiled.sock"], as: owner).expect(0)
            for row in Self.table {
                let line = #"{"jsonrpc":"2.0","id":1,"method":"\#(row.method)","params":\#(row.params)}"#
                for (user, expected) in [
                    (owner, row.owner), (.root, row.owner), (alice, row.allowed), (bob, row.refused),
                ] {
                    let answer = try JSON(try await machine.exchange([line], as: user))
                    #expect(answer["error"]?["data"]?["code"]?.string == expected, "\(row.method) of \(user.name)")
                    #expect((answer["result"] != nil) == (expected == nil), "\(row.method) of \(user.name)")
                }
                #expect(try await machine.exchange([line], as: carol) == "", "\(row.method) of a stranger")
            }
            // Of an account that is there; it is so for the first only who may.
            for (user, account, expected) in [
                (alice, "work", "permission_denied"), (bob, "work", "permission_denied"), (owner, "work", nil),
                (.root, "home", nil),
            ] {
                let line = #"{"jsonrpc":"2.0","id":1,"method":"logout","params":{"account":"\#(account)"}}"#
                let answer = try JSON(try await machine.exchange([line], as: user))
                #expect(answer["error"]?["data"]?["code"]?.string == expected, "logout of \(user.name)")
                #expect((answer["result"]?["removed"] == true) == (expected == nil), "logout of \(user.name)")
            }
        }
    }

    @Test func whatMayNotBeHadIsAnsweredByteForByteAsWhatIsAbsent() async throws {
        try await withDaemon { machine, _ in
            let requests = [
                #"{"jsonrpc":"2.0","id":1,"method":"get_token","params":{"account":"NAME"}}"#,
                #"{"jsonrpc":"2.0","id":1,"method":"get_token","params":{"account":"NAME","min_valid":-1}}"#,
                #"{"jsonrpc":"2.0","id":1,"method":"status","params":{"account":"NAME"}}"#,
                #"{"jsonrpc":"2.0","id":1,"method":"validate","params":{"account":"NAME"}}"#,
                #"{"jsonrpc":"2.0","id":1,"method":"validate","params":{"account":"NAME","x":1}}"#,
                #"{"jsonrpc":"2.0","id":1,"method":"reject_token","params":{"account":"NAME","generation":1}}"#,
                #"{"jsonrpc":"2.0","id":1,"method":"reject_token","params":{"account":"NAME","access_token":"x"}}"#,
                #"{"jsonrpc":"2.0","id":1,"method":"login","params":{"account":"NAME"}}"#,
                #"{"jsonrpc":"2.0","id":1,"method":"logout","params":{"account":"NAME"}}"#,
                #"[{"jsonrpc":"2.0","id":1,"method":"get_token","params":{"account":"NAME"}},{"jsonrpc":"2.0","method":"validate","params":{"account":"NAME"}}]"#,
            ]
            // `home` is there, `hame` is not, and neither is theirs.
            for user in [alice, bob] {
                for request in requests {
                    let there = try await machine.exchange([request.replacing("NAME", with: "home")], as: user)
                    let absent = try await machine.exchange([request.replacing("NAME", with: "hame")], as: user)
                    #expect(!there.isEmpty)
                    #expect(there == absent.replacing("hame", with: "home"), "\(request)")
                }
            }
            // What Alice may have and nobody has made is absent in the same words.
            let dream = try await machine.exchange([requests[0].replacing("NAME", with: "dream")], as: alice)
            let home = try await machine.exchange([requests[0].replacing("NAME", with: "home")], as: alice)
            #expect(dream.replacing("dream", with: "home") == home)
        }
    }

    @Test func listsShowOnlyWhatMayBeHad() async throws {
        try await withDaemon { machine, _ in
            for method in ["list_accounts", "status"] {
                for (user, expected) in [
                    (owner, ["home", "work"]), (.root, ["home", "work"]), (alice, ["work"]), (bob, []),
                ] {
                    let line = #"{"jsonrpc":"2.0","id":1,"method":"\#(method)"}"#
                    let answer = try JSON(try await machine.exchange([line], as: user))
                    let accounts = try #require(answer["result"]?["accounts"]).elements
                    #expect(accounts.map { $0["account"]?.string } == expected, "\(method) of \(user.name)")
                }
            }
        }
    }

    @Test func aListedUserHasAShareOfTheConnectionsOnly() async throws {
        try await withDaemon { machine, _ in
            let script = """
                use Socket;
                $| = 1;
                my @open;
                for (1..513) {
                    socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die;
                    connect($s, pack_sockaddr_un('/run/quartiled/quartiled.sock')) or die;
                    push @open, $s;
                }
                print readline($open[512]);
                print readline(*STDIN);
                """
            let (fifo, end) = try Self.openFIFO()
            defer { close(end) }
            let crowd = try machine.start(["/usr/bin/perl", "-e", script], as: alice, input: .path(fifo))
            try await eventually("the answer to one too many") {
                crowd.output.contains("overloaded") || crowd.end != nil
            }
            #expect(try JSON(crowd.output)["error"]?["data"]?["code"] == "overloaded")
            #expect(try await machine.ctl("list", as: alice).end == .exit(75))
            for user in [owner, .root, bob] { try await machine.ctl("list", as: user).expect(0) }
            crowd.signal(SIGTERM)
            _ = try await crowd.waitForEnd()
            try await eventually("room again") { try await machine.ctl("list", as: alice).end == .exit(0) }
        }
    }

    @Test func allListedUsersTogetherLeaveConnectionsToTheOwner() async throws {
        try await withDaemon { machine, _ in
            let script = """
                use Socket;
                $| = 1;
                $SIG{PIPE} = 'IGNORE';
                my (@open, $served);
                for (1..512) {
                    socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die;
                    connect($s, pack_sockaddr_un('/run/quartiled/quartiled.sock')) or die;
                    syswrite($s, qq({"jsonrpc":"2.0","id":1,"method":"hello"}\\n));
                    $served++ if readline($s) =~ /"protocol":1/;
                    push @open, $s;
                }
                print "$served served\\n";
                print readline(*STDIN);
                """
            let (fifo, end) = try Self.openFIFO()
            defer { close(end) }
            var crowds: [ChildProcess] = []
            var served: [String] = []
            let more = [SharedMachine.User("52005", uid: 52_005), SharedMachine.User("52006", uid: 52_006)]
            for user in [alice, bob] + more {
                let crowd = try machine.start(["/usr/bin/perl", "-e", script], as: user, input: .path(fifo))
                try await eventually("512 attempts") { crowd.output.contains("served") || crowd.end != nil }
                served.append(crowd.output)
                crowds.append(crowd)
            }
            #expect(served == Array(repeating: "512 served\n", count: 3) + [" served\n"])
            for user in [owner, .root] { try await machine.ctl("list", as: user).expect(0) }
            for crowd in crowds { crowd.signal(SIGTERM) }
            for crowd in crowds { _ = try await crowd.waitForEnd() }
        }
    }

    /// A FIFO that nothing comes from while its other end is open here.
    private static func openFIFO() throws -> (path: String, end: CInt) {
        let path = try World.current.newPath("fifo")
        try #require(mkfifo(path, 0o600) == 0)
        // Both ends at once: opening one for itself would wait for the other.
        let end = open(path, O_RDWR | O_CLOEXEC)
        try #require(end >= 0)
        return (path, end)
    }

    @Test func theOwnerSeesWhoAskedForWhat() async throws {
        try await withDaemon { machine, _ in
            try await machine.ctl("get-token", "--account", "work", as: alice).expect(0)
            try await machine.ctl("get-token", "--account", "home", as: bob).expect(67)
            try await machine.ctl("get-token", "--account", "hame", as: bob).expect(67)
            try await machine.ctl("audit", as: bob).expect(77)
            let run = try await machine.ctl("audit", "--json", as: owner).expect(0)
            let seen = try #require(try JSON(run.output)["entries"]).elements.map { entry in
                "\(entry["uid"]?.int ?? -1) \(entry["method"]?.string ?? "") \(entry["account"]?.string ?? "-") "
                    + (entry["outcome"]?.string ?? "")
            }
            #expect(
                seen.prefix(4) == [
                    "52003 audit - permission_denied", "52003 get_token - account_not_found",
                    "52003 get_token home account_not_found", "52002 get_token work ok",
                ]
            )
        }
    }
}
