import EndToEndHarness
import Foundation
import Testing

/// No secret leaves by another way than the ones made for it.
@Suite(.endToEnd) struct SecrecyTests {
    @Test func atEveryLevelLogsHoldNoSecret() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await Daemon(
            home,
            environment: ["QUARTILED_LOG_LEVEL": "trace", "QUARTILED_API_TIMEOUT": "2s"]
        )
        var secrets: Set<String> = [sandbox.password, sandbox.subscriptionKey]
        var said = ""
        func ctl(_ arguments: String..., input: String = "") async throws {
            let run = try await home.run(.quartilectl, arguments, input: .text(input))
            said += run.output + run.errors
        }
        func keepToken(_ account: String) async throws {
            let token = try #require(try await home.token(account)["access_token"]?.string)
            secrets.insert(token)
            secrets.insert(String(token.split(separator: ".")[2]))
        }

        said += try await home.logIn("ada", to: sandbox).output
        try await keepToken("ada")
        let set = try await sandbox.control("POST", "issue", ["username": .string(sandbox.username)])
        for part in ["authorization", "refresh"] { secrets.insert(try #require(set[part]?["token"]?.string)) }
        let key = try World.current.file("key", sandbox.subscriptionKey)
        try await ctl(
            "import",
            "--account",
            "bob",
            "--base-url",
            sandbox.url,
            "--tokens",
            "-",
            "--subscription-key-file",
            key,
            input: set.text
        )
        for fault in ["html", "reset", "truncate", "hang", "drip"] {
            try await sandbox.fault(fault, ["call": "refresh", "when": "after"])
            try await ctl("refresh", "--account", "ada")
            try await home.waitUntil("ada", is: "active")
            try await keepToken("ada")
        }
        for variant in ["no_refresh", "no_access", "not_json"] {
            try await sandbox.fault("malformed", ["call": "refresh", "variant": .string(variant)])
            try await ctl("refresh", "--account", "ada")
            try await home.waitUntil("ada", is: "active")
            try await keepToken("ada")
        }
        // An API that gives the caller's own secrets back.
        let token = try #require(set["refresh"]?["token"]?.string)
        for (call, secret) in [("refresh", token), ("login", sandbox.password)] {
            let echo: JSON = ["message": .string("\(secret) is wrong: '\(secret)'"), "statusCode": 422]
            try await sandbox.fault("status", ["code": 422, "call": .string(call), "body": echo])
        }
        try await ctl("refresh", "--account", "bob")
        said += try await home.logIn("ada", to: sandbox, expecting: 65).errors
        #expect(said.contains("<redacted> is wrong: '<redacted>'"))
        let wrong =
            #"{"username":"\#(sandbox.username)","password":"hunter2-horse","subscription_key":"\#(sandbox.subscriptionKey)"}"#
        secrets.insert("hunter2-horse")
        try await ctl("login", "--account", "ada", "--base-url", sandbox.url, "--credentials", "-", input: wrong)
        try await ctl("update", "--account", "ada", "--credentials", "-", input: #"{"password":"hunter2-horse"}"#)
        for line in [
            wrong, #"{"jsonrpc":"2.0","id":1,"method":"login","params":\#(wrong)}"#, #"{"password":"hunter2-horse""#,
        ] {
            said += try await WireClient(home).exchange(line).text
        }
        for command in ["status", "list", "validate", "logout"] { try await ctl(command, "--account", "bob") }
        try await ctl("status", "--json")
        try await ctl("list", "--json")
        try await daemon.killAndStart()
        try await daemon.stop()

        secrets.insert(
            String(decoding: try Data(contentsOf: URL(filePath: home.key)), as: UTF8.self).trimmingCharacters(
                in: .newlines
            )
        )
        let log = daemon.log
        #expect(log.contains("ada"), "there is something in it")
        let database = try Data(contentsOf: URL(filePath: home.database))
        for secret in secrets {
            #expect(!log.contains(secret))
            #expect(!said.contains(secret))
            #expect(database.range(of: Data(secret.utf8)) == nil)
        }
        // How the sandbox's tokens begin, those included that nobody here ever saw.
        #expect(!log.contains("eyJ"))
        #expect(!said.contains("eyJ"))
        #expect(database.range(of: Data("eyJ".utf8)) == nil)
    }
}
