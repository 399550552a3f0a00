import EndToEndHarness
import Foundation
import Testing

/// Several accounts, hosts and versions, and credentials that change.
@Suite(.endToEnd) struct AccountsTests {
    @Test func anAccountKeepsItsHostWhenTheConfiguredOneChanges() async throws {
        let (first, second, third) = (try await Sandbox(), try await Sandbox(), try await Sandbox())
        let home = try Home()
        try home.configure("api:\n  base_url: \(first.url)\n")
        let daemon = try await Daemon(home)
        let credentials = try World.current.file("credentials", first.credentials.text)
        try await home.ctl("login", "--account", "ada", "--credentials", credentials).expect(0)
        try await home.logIn("bob", to: second)
        #expect(try await first.calls("login").count == 1)
        #expect(try await second.calls("login").count == 1)
        #expect(try await home.account("ada")["base_url"]?.string == first.url)
        try await daemon.stop()

        try home.configure("api:\n  base_url: \(third.url)\n")
        try await daemon.start()
        for name in ["ada", "bob"] {
            try await home.ctl("refresh", "--account", name).expect(0)
            try await home.ctl("validate", "--account", name).expect(0)
        }
        // Even where the old login is gone, and the daemon logs in again by itself.
        try await first.control("POST", "revoke", ["username": .string(first.username)])
        try await home.ctl("refresh", "--account", "ada").expect(0)
        #expect(try await first.calls("login").count == 2)
        #expect(try await second.calls("refresh").count == 1)
        #expect(try await third.calls().isEmpty)

        try await daemon.stop()
        let moved = try await Daemon(home, environment: ["QUARTILED_API_BASE_URL": third.url])
        try await home.ctl("refresh", "--account", "bob").expect(0)
        try await moved.stop()
        #expect(try await third.calls().isEmpty)
        #expect(try await second.calls("refresh").count == 2)
    }

    @Test func aRotatedKeyIsHealedByAnUpdate() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        _ = try await Daemon(home)
        try await home.logIn("ada", to: sandbox)
        let before = try await home.token("ada")
        let key = "0123456789abcdef0123456789ABCDEF"
        try await sandbox.set(["rotate_subscription_key": .string(key)])

        let refused = try await home.ctl("refresh", "--account", "ada").expect(65)
        #expect(refused.errors.hasSuffix("; run: quartilectl update --account ada\n"))
        #expect(refused.errors.contains("subscription key"))
        #expect(refused.output.isEmpty)
        let served = try await home.token("ada")
        #expect(served["access_token"] == before["access_token"])
        #expect(served["degraded"]?["code"] == "upstream_rejected")

        let file = try World.current.file("key", key + "\n")
        try await home.ctl("update", "--account", "ada", "--subscription-key-file", file).expect(0)
        try await home.waitUntil("ada", is: "active")
        try await home.ctl("refresh", "--account", "ada").expect(0)
        let after = try await home.token("ada")
        #expect(after["subscription_key"]?.string == key)
        #expect(try #require(after["generation"]?.int) >= 2)
        #expect(try await sandbox.calls("login").count == 1)
    }

    @Test func aChangedPasswordIsHealedByAnUpdate() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        _ = try await Daemon(home)
        try await home.logIn("ada", to: sandbox)
        let password = "another-horse-ada"
        try await sandbox.set(["users": [sandbox.username: ["password": .string(password)]]])
        try await sandbox.control("POST", "revoke", ["username": .string(sandbox.username)])

        let refused = try await home.ctl("refresh", "--account", "ada").expect(77)
        #expect(refused.errors.hasSuffix("; run: quartilectl update --account ada\n"))
        #expect(try await home.account("ada")["state"] == "login_required")
        try await home.ctl("status", "--check").expect(2)
        let logins = try await sandbox.calls("login")
        #expect(logins.map { $0["outcome"] } == ["issued", "wrong_password"])
        // The token that has life left is still served, and the refused password is not tried again.
        #expect(try await home.token("ada")["access_token"] != nil)
        try await home.ctl("refresh", "--account", "ada").expect(77)
        #expect(try await sandbox.calls("login").count == 2)

        let credentials = JSON.object(["username": .string(sandbox.username), "password": .string(password)])
        let update = ["update", "--account", "ada", "--credentials", "-"]
        try await home.run(.quartilectl, update, input: .text(credentials.text)).expect(0)
        try await home.waitUntil("ada", is: "active")
        let token = try #require(try await home.token("ada")["access_token"]?.string)
        #expect(try await sandbox.accepts(token))
        try await home.ctl("status", "--check").expect(0)
    }

    @Test func aNewPasswordForAHealthyAccountCausesNoCall() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        _ = try await Daemon(home)
        try await home.logIn("ada", to: sandbox)
        let before = try await home.token("ada")
        let update = ["update", "--account", "ada", "--credentials", "-"]
        try await home.run(.quartilectl, update, input: .text(#"{"password": "another-horse-ada"}"#)).expect(0)
        #expect(try await home.token("ada")["access_token"] == before["access_token"])
        #expect(try await home.token("ada")["generation"] == 1)
        #expect(try await sandbox.calls().count == 1)
    }

    @Test func threeVersionsLiveSideBySide() async throws {
        let sandbox = try await Sandbox("--access-lifetime", "4s")
        for name in ["bob", "eve"] {
            try await sandbox.control(
                "POST",
                "users",
                ["username": .string("\(name)@example.com"), "password": .string("p-w-\(name)")]
            )
        }
        let home = try Home()
        _ = try await Daemon(home, environment: ["QUARTILED_REFRESH_MARGIN": "1s"])
        let set = try await sandbox.control("POST", "issue", ["username": "bob@example.com"])
        let key = try World.current.file("key", sandbox.subscriptionKey)
        try await home.ctl(
            "import",
            "--account",
            "one",
            "--api-version",
            "v1",
            "--base-url",
            sandbox.url,
            "--tokens",
            "-",
            "--subscription-key-file",
            key,
            input: .text(set.text)
        ).expect(0)
        #expect(try await sandbox.calls().isEmpty, "an import makes no call")
        try await home.logIn("two", to: sandbox)
        let eve: JSON = [
            "username": "eve@example.com", "password": "p-w-eve", "subscription_key": .string(sandbox.subscriptionKey),
        ]
        try await home.ctl(
            "login",
            "--account",
            "three",
            "--api-version",
            "v3",
            "--base-url",
            sandbox.url,
            "--credentials",
            "-",
            input: .text(eve.text)
        ).expect(0)

        let versions = ["one": "v1", "two": "v2", "three": "v3"]
        for (name, version) in versions {
            try await eventually("a refresh of \(name) by itself") {
                try #require(try await home.account(name)["generation"]?.int) >= 3
            }
            let account = try await home.account(name)
            #expect(account["api_version"]?.string == version)
            #expect(account["state"] == "active")
            let header = try await home.ctl("get-token", "--account", name, "--format", "header").expect(0).output
            #expect(header.contains(version == "v1" ? "\nOcp-Apim-Subscription-Key: " : "\nSubscription-Key: "))
            try await home.ctl("validate", "--account", name).expect(0)
            let calls = try await sandbox.calls().filter { $0["api_version"]?.string == version }
            #expect(calls.allSatisfy { $0["body_ok"] == true && $0["subscription_key_ok"] == true })
            let refreshes = calls.filter { $0["call"] == "refresh" }
            #expect(refreshes.count >= 2)
            #expect(refreshes.allSatisfy { $0["outcome"] == "rotated" })
            let path = version == "v1" ? "POST /auth/v1/refresh-token" : "POST /auth/\(version)/refresh"
            #expect(refreshes.allSatisfy { $0["request"]?.string?.hasPrefix(path) == true })
        }
        let list = try JSON(try await home.ctl("list", "--json").expect(0).output)
        #expect(list["accounts"]?.elements.map { $0["account"]?.string } == ["one", "three", "two"])
    }

    @Test func aThousandAccountsAreServedAfterAStart() async throws {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await Daemon(home)
        let set = try await sandbox.control("POST", "issue", ["username": .string(sandbox.username)])
        let wire = try WireClient(home)
        // As many at a time as a connection may have in flight.
        for first in stride(from: 0, to: 1000, by: 25) {
            for number in first..<first + 25 {
                let request: JSON = [
                    "jsonrpc": "2.0", "id": .number(Double(number)), "method": "import_tokens",
                    "params": [
                        "account": .string("account-\(number)"), "token_set": set, "base_url": .string(sandbox.url),
                        "subscription_key": .string(sandbox.subscriptionKey),
                    ],
                ]
                try await wire.send(request.text)
            }
            for _ in 0..<25 { #expect(try await wire.answer()["result"]?["generation"] == 1) }
        }

        try await daemon.killAndStart()
        #expect(try await home.token("account-999")["generation"] == 1)
        let status = try JSON(try await home.ctl("status", "--json").expect(0).output)
        #expect(status["accounts"]?.elements.count == 1000)
        #expect(try await sandbox.calls().isEmpty)
    }
}
