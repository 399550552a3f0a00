import EndToEndHarness
import Foundation
import Testing

/// Puts secrets through all that the programs can do and all that can go wrong, on a ``LeakGround``.
struct LeakDrive {
    let ground: LeakGround
    let sandbox: Sandbox
    let daemon: Daemon
    /// A secret of each kind. The password has what one spelling or another treats in its own way.
    let password: String
    let subscriptionKey: String
    let otherPassword: String
    let otherKey: String
    let mistyped: String
    /// Tokens that no API ever gave.
    let rejected: String
    /// A secret that somebody put where a name belongs.
    let misplaced: String

    var home: Home { ground.home }

    init(_ ground: LeakGround) async throws {
        self.ground = ground
        password = ground.learn("password", #"Pä55/word "of" \ada+horse% & more"#)
        otherPassword = ground.learn("password, the new one", "another-horse-of-ada")
        mistyped = ground.learn("password, mistyped", "pasword-horse-7")
        subscriptionKey = ground.learn("subscription key", "k3yOfAda0123456789abcdefghijklmn")
        otherKey = ground.learn("subscription key, the new one", "n3wKeyOfAda9876543210zyxwvutsrqp")
        rejected = ground.learn("rejected token", "eyJyZWplY3RlZCI6IjEifQ.cmVqZWN0ZWQtYnktc29tZWJvZHk.c2lnbmF0dXJl")
        misplaced = ground.learn("misplaced secret", "Tr0ub4dor.and-3_horses")

        let file = try World.current.file("password", password)
        sandbox = try await Sandbox("--password-file", file, "--require-subscription-key", subscriptionKey)
        daemon = try await Daemon(
            ground.home,
            environment: ground.environment.merging([
                "QUARTILED_LOG_LEVEL": "trace", "QUARTILED_API_TIMEOUT": "1s", "QUARTILED_LOGIN_BUDGET": "10000",
            ]) { $1 }
        )
        try await learnBeginnings()
        try learnKey("key file, the first")
    }

    /// Takes note of how every token of the sandbox's begins: of those, too, that nobody here ever sees.
    private func learnBeginnings() async throws {
        let sets = [try await issue("of nobody"), try await issue("of nobody else")]
        for (part, kind) in [("authorization", "access token"), ("refresh", "refresh token")] {
            let tokens = sets.compactMap { $0[part]?["token"]?.string }
            ground.learn("\(kind), any", tokens[0].commonPrefix(with: tokens[1]))
        }
    }

    /// Takes note of the key in the key file.
    func learnKey(_ name: String) throws { try ground.learn(key: name, try home.readKey()) }

    func credentials(_ password: String? = nil) -> String {
        JSON.object([
            "username": .string(sandbox.username), "password": .string(password ?? self.password),
            "subscription_key": .string(subscriptionKey),
        ]).text
    }

    @discardableResult
    func logIn(_ account: String, _ password: String? = nil, _ more: String...) async throws -> Finished {
        try await ground.ctl(
            ["login", "--account", account, "--base-url", sandbox.url, "--credentials", "-"] + more,
            input: credentials(password)
        )
    }

    /// A token set as the portal hands it out, with what is secret of it taken note of.
    func issue(_ name: String) async throws -> JSON {
        let set = try await sandbox.control("POST", "issue", ["username": .string(sandbox.username)])
        for (part, kind) in [("authorization", "access token"), ("refresh", "refresh token")] {
            ground.learn("\(kind) \(name)", try #require(set[part]?["token"]?.string))
        }
        return set
    }

    // MARK: - What is done every day

    /// Every command, as it is meant.
    func commands() async throws {
        try await logIn("ada").expect(0)
        let served = ["access token", "subscription key"]
        for format in ["raw", "json", "header", "env"] {
            try await ground.ctl(["get-token", "--account", "ada", "--format", format], allowing: served).expect(0)
        }
        try await ground.learnToken("ada")
        let key = try World.current.file("key", subscriptionKey)
        try await ground.ctl(
            ["import", "--account", "bob", "--base-url", sandbox.url, "--tokens", "-", "--subscription-key-file", key],
            input: try await issue("of the import").text
        ).expect(0)
        try await ground.learnToken("bob")
        try await logIn("eve", nil, "--no-remember").expect(0)
        try await logIn("ada", nil, "--if-changed").expect(0)
        for arguments in [
            ["list"], ["list", "--json"], ["status"], ["status", "--json"], ["status", "--account", "ada"],
            ["validate", "--account", "ada"], ["refresh", "--account", "ada"], ["audit"], ["audit", "--json"],
            ["audit", "--account", "ada"], ["key", "status"], ["key", "status", "--json"], ["key", "rotate", "--json"],
            ["reject", "--account", "ada", "--generation", "1"], ["status", "--check"],
        ] {
            try await ground.ctl(arguments).expect(0)
        }
        try learnKey("key file, the second")
        for token in [rejected, try #require(try await home.token("ada")["access_token"]?.string)] {
            try await ground.ctl(["reject", "--account", "ada"], input: ground.learn("access token, rejected", token))
                .expect(0)
        }
        let newKey = try World.current.file("key", otherKey)
        try await ground.ctl(["update", "--account", "eve", "--subscription-key-file", newKey]).expect(0)
        try await ground.ctl(["refresh", "--account", "eve"]).expect(65)
        try await ground.ctl(["validate", "--account", "eve"])
        try await ground.ctl(
            ["update", "--account", "bob", "--credentials", "-"],
            input: JSON.object(["username": .string(sandbox.username), "password": .string(otherPassword)]).text
        ).expect(0)
        try await sandbox.control("POST", "revoke", ["username": .string(sandbox.username)])
        // The API takes neither the tokens nor the password.
        try await ground.ctl(["refresh", "--account", "bob"]).expect(77)
        try await ground.ctl(["logout", "--account", "eve"]).expect(0)
        try ground.lookAtFiles()
    }

    /// Every method, and what a connection may carry beside single calls.
    func methods() async throws {
        let login: [String: JSON] = [
            "account": "dan", "username": .string(sandbox.username), "password": .string(password),
            "subscription_key": .string(subscriptionKey), "base_url": .string(sandbox.url),
        ]
        let served = ["access token", "subscription key"]
        #expect(try await ground.call("login", .object(login))["result"] != nil)
        let answer = try await ground.call("get_token", ["account": "dan"], allowing: served)
        let token = ground.learn("access token dan", try #require(answer["result"]?["access_token"]?.string))
        let imported: JSON = [
            "account": "fay", "token_set": try await issue("of an import over the socket"),
            "subscription_key": .string(subscriptionKey), "base_url": .string(sandbox.url),
        ]
        let update: JSON = [
            "account": "dan", "subscription_key": .string(subscriptionKey), "username": .string(sandbox.username),
            "password": .string(password),
        ]
        for (method, params) in [
            ("hello", [:]), ("import_tokens", imported), ("update_account", update), ("list_accounts", [:]),
            ("status", [:]), ("status", ["account": "dan"]), ("refresh", ["account": "dan"]),
            ("validate", ["account": "dan"]), ("reject_token", ["account": "dan", "access_token": .string(token)]),
            ("reject_token", ["account": "dan", "access_token": .string(rejected)]), ("key_status", [:]),
            ("key_rotate", [:]), ("audit", [:]), ("audit", ["account": "dan"]), ("logout", ["account": "fay"]),
        ] as [(String, JSON)] {
            #expect(try await ground.call(method, params)["result"] != nil, "\(method)")
        }
        try learnKey("key file, the third")
        func request(_ method: String, _ params: JSON, id: JSON?) -> JSON {
            var members: [String: JSON] = ["jsonrpc": "2.0", "method": .string(method), "params": params]
            members["id"] = id
            return .object(members)
        }
        let batch: JSON = [
            request("login", .object(login), id: 1), request("update_account", update, id: nil),
            request("refresh", .object(login), id: 2), .string(password), request("status", update, id: 3),
        ]
        try await ground.exchange(batch.text, "a batch")
        try ground.lookAtFiles()
        try ground.look(at: daemon.process, "quartiled")
    }

    // MARK: - The end

    /// Ends the daemon by each signal, each time with a request under way, and keeps what is left.
    func end() async throws {
        for signal in [SIGSEGV, SIGABRT, SIGILL, SIGTERM] {
            try await sandbox.fault("hang", ["call": "refresh", "when": "after"])
            let seen = try await sandbox.calls().count
            let client = try home.start(
                .quartilectl,
                ["refresh", "--account", "ada"],
                environment: ground.environment
            )
            try await sandbox.waitForCall("refresh") { ($0["n"]?.int ?? 0) > seen }
            try ground.look(at: daemon.process, "quartiled")
            try ground.look(at: client, "quartilectl refresh")
            try ground.lookAtFiles()
            daemon.process.signal(signal)
            let end = try await daemon.process.waitForEnd()
            #expect(end == (signal == SIGTERM ? .exit(0) : .signal(signal)))
            if signal == SIGSEGV { #expect(!daemon.process.errors.contains("Crash"), "no report of the runtime's") }
            client.signal(SIGKILL)
            _ = try await client.waitForEnd()
            ground.keep(client.errors, at: "errors of quartilectl refresh")
            ground.keep(client.output, at: "output of quartilectl refresh")
            try ground.lookAtFiles()
            try await sandbox.clearFaults()
            if signal != SIGTERM {
                try await daemon.start()
                try await ground.learnToken("ada")
                try await logIn("ada").expect(0)
            }
        }
        ground.keep(daemon.log, at: "the log of quartiled")
        ground.keep(sandbox.process.errors, at: "errors of quartile-sandbox")
        ground.keep(
            sandbox.process.output,
            at: "output of quartile-sandbox",
            allowing: ["password", "subscription key"]
        )
        // One of the names under which somebody tried to log in is a secret in the wrong place.
        ground.keep(
            JSON.array(try await sandbox.calls()).text,
            at: "the calls that quartile-sandbox tells of",
            allowing: ["misplaced secret"]
        )
    }
}
