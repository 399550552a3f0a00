import EndToEndHarness
import Foundation
import Glibc
import Testing

/// Secrets in the wrong place, and where nobody can make anything of them.
extension LeakDrive {
    /// Lines on the socket.
    func wrongLines() async throws {
        let text = JSON.string(password).text
        for line in [
            credentials(), #"{"password":\#(text)"#, #"{"password":\#(text),}"#, text, password, "[\(text)]",
            #"{"jsonrpc":"2.0","id":1,"method":"login","params":[\#(text)]}"#,
            #"{"jsonrpc":"2.0","id":1,"method":"login","params":\#(text)}"#,
            #"{"jsonrpc":"1.0","id":1,"method":"login","params":{"password":\#(text)}}"#,
            #"{"jsonrpc":"2.0","id":{"password":\#(text)},"method":"login"}"#,
            #"{"jsonrpc":"2.0","id":1,"method":\#(text)}"#,
            #"{"jsonrpc":"2.0","id":1,"method":"hello","params":{\#(text):1}}"#,
            #"{"jsonrpc":"2.0","id":1,"method":"hello","params":{"\#(misplaced)":1}}"#,
            #"{"jsonrpc":"2.0","id":1,"method":"\#(misplaced)"}"#,
            "\u{feff}\(credentials())", String(repeating: password, count: 2_000),
        ] {
            try await ground.exchange(line, "a wrong line")
        }
    }

    /// Params with a secret in each place.
    func wrongParams() async throws {
        let members: [String: JSON] = [
            "account": "ada", "username": .string(sandbox.username), "password": .string(password),
            "subscription_key": .string(subscriptionKey), "base_url": .string(sandbox.url),
        ]
        let secret = JSON.string(misplaced)
        for (method, name, value) in [
            ("login", "api_version", secret), ("login", "base_url", secret), ("login", "remember", secret),
            ("login", "base_url", .string("https://ada:\(misplaced)@example.com")),
            ("login", "base_url", .string("https://example.com/?subscription-key=\(misplaced)")),
            ("login", "subscription_key", .string("two words: \(misplaced)")), ("login", "password", [secret]),
            ("login", "username", .string("\(misplaced)\n")), ("login", "username", secret),
            ("login", "account", .string("\(misplaced)!")), ("get_token", "min_valid", secret),
            ("get_token", "max_wait", secret), ("reject_token", "generation", secret),
            ("reject_token", "access_token", [secret]), ("audit", "limit", secret), ("status", "account", [secret]),
            ("import_tokens", "token_set", secret), ("import_tokens", "token_set", ["refresh": ["token": secret]]),
            ("import_tokens", "token_set", ["authorization": ["token": secret], "refresh": ["token": "a b"]]),
        ] as [(String, String, JSON)] {
            var params = members.filter { method == "login" || $0.key == "account" }
            if method == "import_tokens" { params["subscription_key"] = .string(subscriptionKey) }
            params[name] = value
            #expect(try await ground.call(method, .object(params))["error"] != nil, "\(method) with \(name)")
        }
        // The name of an account is no secret; whoever gives another's hears it again, and nobody else does.
        for method in ["get_token", "status", "refresh", "validate", "logout", "audit"] {
            let answer = try await ground.call(method, ["account": secret], allowing: ["misplaced secret"])
            #expect(answer["error"] != nil || method == "audit", "\(method)")
        }
        let mistyped = members.merging(["account": secret, "password": .string(mistyped)]) { $1 }
        #expect(try await ground.call("login", .object(mistyped))["error"] != nil)
    }

    /// Arguments and files of the client. What is in argv everybody can read; it is not to go any further.
    func wrongUsage() async throws {
        let login = ["login", "--account", "ada", "--base-url", sandbox.url]
        for arguments in [
            login + ["--password", misplaced], login + ["--password=\(misplaced)"], login + [misplaced], [misplaced],
            ["reject", "--account", "ada", rejected], ["reject", "--account", "ada", "--generation", rejected],
            ["reject", "--account", "ada", "--token=\(rejected)"], ["get-token", "--account", "ada", misplaced],
            ["get-token", "--account", "ada", "--min-valid", misplaced],
            ["get-token", "--account", "ada", "--format=\(misplaced)"],
            ["login", "--account", "ada", "--api-version", misplaced], login + ["-p=\(misplaced)"],
            ["--\(misplaced)"],
            ["import", "--account", "bob", "--tokens", "-", "--subscription-key", subscriptionKey],
            ["update", "--account", "ada", "--subscription-key", subscriptionKey], ["key", misplaced],
            // A file's name is told, unless it can only be a secret.
            ["update", "--account", "ada", "--subscription-key-file", subscriptionKey],
            ["get-token", "--account", "\(misplaced)!"], ["audit", "--limit", misplaced],
        ] {
            let run = try await ground.ctl(arguments)
            #expect(run.end == .exit(64), "\(arguments)")
        }
        for arguments in [
            [misplaced], ["--key", misplaced], ["--key=\(misplaced)"], ["--socket", "/x", misplaced],
            ["-p=\(misplaced)"], ["--\(misplaced)"],
        ] {
            let run = try await home.run(.quartiled, arguments, environment: ground.environment)
            try ground.keep(run, of: "quartiled with wrong usage").expect(64)
        }
        for text in [
            password, "{\"password\": \(JSON.string(password).text)", JSON.array([.string(password)]).text,
            JSON.object(["password": .array([.string(password)])]).text, JSON.object([misplaced: 1]).text,
            JSON.object(["password": .string(password), "subscription_key": .string("k ey \(misplaced)")]).text,
        ] {
            let path = try World.current.file("credentials", text)
            try await ground.ctl(login + ["--credentials", path]).expect(64)
            try await ground.ctl(["update", "--account", "ada", "--credentials", "-"], input: text).expect(64)
            // What is one word may be a key.
            try await ground.ctl(["update", "--account", "bob", "--subscription-key-file", path])
            try await ground.ctl(
                ["import", "--account", "ada", "--tokens", path, "--subscription-key-file", path]
            )
        }
        try await ground.ctl(["reject", "--account", "ada"], input: "\(rejected) \(rejected)").expect(64)
        try await logIn("ada", mistyped).expect(65)
        try await logIn("gil", mistyped).expect(65)
        for key in ["misplaced secret as a key", subscriptionKey] {
            try await ground.ctl(["list"], environment: ["QUARTILE_SUBSCRIPTION_KEY": key])
        }
    }

    /// A client that waits for a password shows it to nobody.
    func waitingClient() async throws {
        let path = try World.current.newPath("fifo")
        guard mkfifo(path, 0o600) == 0 else { throw SystemError("mkfifo") }
        let file = open(path, O_RDWR | O_CLOEXEC)
        guard file >= 0 else { throw SystemError("open") }
        defer { close(file) }
        let client = try home.start(
            .quartilectl,
            ["login", "--account", "ada", "--base-url", sandbox.url, "--credentials", path],
            environment: ground.environment
        )
        let text = Array(credentials().utf8)
        guard write(file, text, text.count - 1) == text.count - 1 else { throw SystemError("write") }
        try await eventually("the client has read what there is") {
            var count: Int32 = 0
            guard ioctl(file, UInt(FIONREAD), &count) == 0 else { throw SystemError("ioctl") }
            return count == 0
        }
        try ground.look(at: client, "quartilectl login")
        client.signal(SIGTERM)
        _ = try await client.waitForEnd()
        ground.keep(client.errors, at: "errors of quartilectl login")
        ground.keep(client.output, at: "output of quartilectl login")
    }

    /// Settings, each of which ends the daemon.
    func wrongSettings() async throws {
        for yaml in [
            "api:\n  proxy: http://ada:\(misplaced)@127.0.0.1:1\n", "api:\n  base_url: https://a:\(misplaced)@b\n",
            "api:\n  base_url: https://example.com?subscription-key=\(misplaced)\n", "key:\n  source: \(misplaced)\n",
            "api:\n  subscription_key: \(misplaced)\n", "password: \(misplaced)\n", "api: \(misplaced)\n",
            "log:\n  level: \(misplaced)\n", "api: {proxy: \"\(misplaced)\n", "\(misplaced)\n",
            "api:\n  proxy: \(misplaced): \(misplaced)\n", "access:\n  users: \(misplaced)\n",
            "access:\n  users: [\(misplaced)]\n", "accounts:\n  ada: \(misplaced)\n",
            "key: {command: [\(misplaced)]}\n",
            "accounts: {ada: {allow: {units: [\(misplaced)]}}}\n", "api:\n\tproxy: \(misplaced)\n",
            "api:\n  version: *\(misplaced.filter(\.isLetter))\(misplaced)\n", "api: !\(misplaced) {}\n  x: 1\n",
        ] {
            try home.configure(yaml)
            try await ground.refusal(78)
        }
        try FileManager.default.removeItem(atPath: home.configuration)
        for name in ["API_PROXY", "API_BASE_URL", "KEY_SOURCE", "LOG_LEVEL", "API_PASSWORD", "API_CA_FILE", "ACCESS_X"]
        {
            try await ground.refusal(78, ["QUARTILED_\(name)": misplaced])
        }
    }
}
