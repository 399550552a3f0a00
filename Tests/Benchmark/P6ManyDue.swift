import EndToEndHarness
import Foundation

extension Row {
    /// Whether a daemon with many accounts gets through the minute in which all are due.
    static let manyDue = Row("P6", "1,000 accounts due within one minute, the API answering in 50 ms") { bench in
        let count = bench.plan.count(smoke: 20, full: 1_000)
        let life = bench.plan.count(smoke: 12, full: 120)
        let margin = life / 4
        let latency = 0.05
        let sandbox = try await Sandbox(arguments: ["--access-lifetime", "\(life)s"])
        let subject = try await Subject(accounts: 0, environment: ["QUARTILED_REFRESH_MARGIN": "\(margin)s"])
        let accounts = (1...count).map { "due-\($0)" }
        try await subject.logIn(accounts, to: sandbox)
        try await sandbox.set(["latency": .number(latency)])
        let logins = try await sandbox.calls("login").compactMap { $0["at"]?.number }
        let first = try present(logins.min(), "a login")

        // From shortly before the first is due until the last is done.
        let begin = first + Double(life - margin) - Double(margin) / 6
        try await Task.sleep(for: .seconds(max(0, begin - Date().timeIntervalSince1970)))
        let seconds = (logins.max() ?? first) - first + Double(margin) / 3
        let requests = try await Load(bench).run(
            ["latency", subject.home.socket, try subject.requests(for: accounts), "\(Int(seconds * 800))", "1000"]
        )
        let slack = try await leastTimeLeft(sandbox, life: Double(life))
        guard slack.count == count, try await subject.areAll(accounts, ofGeneration: 2) else {
            throw Finished.Unexpected(description: "only \(slack.count) of \(count) accounts were refreshed in time")
        }
        return [
            Figure("time the old token had left at the refresh, at least", [slack.least], .seconds, bar: .atLeast(0)),
            Figure("all refreshed within", [slack.span], .seconds, bar: .atMost(60)),
            Figure("p99 of get_token meanwhile", [try requests.value("p99") / 1e6], .milliseconds, bar: .atMost(10)),
            Figure("p50 of get_token meanwhile", [try requests.value("p50") / 1e6], .milliseconds),
            Figure("longest get_token meanwhile", [try requests.value("most") / 1e6], .milliseconds),
        ]
    }

    /// What the API's log says: for how long the token of a login had to live when its refresh had been answered.
    private static func leastTimeLeft(
        _ sandbox: Sandbox,
        life: Double
    ) async throws -> (least: Double, span: Double, count: Int) {
        var ends: [Int: Double] = [:]
        for call in try await sandbox.calls("login") {
            if let family = call["family"]?.int, let at = call["at"]?.number { ends[family] = at + life }
        }
        let refreshes = try await sandbox.calls("refresh").filter {
            $0["generation"]?.int == 1 && $0["outcome"]?.string == "rotated"
        }
        let left = refreshes.compactMap { call in
            call["family"]?.int.flatMap { ends[$0] }.flatMap { end in call["at"]?.number.map { end - $0 } }
        }
        let times = refreshes.compactMap { $0["at"]?.number }
        return (
            try present(left.min(), "a refresh"),
            try present(times.max(), "a refresh") - (try present(times.min(), "a refresh")), left.count
        )
    }
}

extension Subject {
    /// Logs all of them in.
    fileprivate func logIn(_ accounts: [String], to sandbox: Sandbox) async throws {
        try await call(accounts) { name in
            (
                "login",
                [
                    "account": .string(name), "username": .string(sandbox.username),
                    "password": .string(sandbox.password), "subscription_key": .string(sandbox.subscriptionKey),
                    "base_url": .string(sandbox.url),
                ]
            )
        }
    }

    /// Whether all are well and have this token set.
    fileprivate func areAll(_ accounts: [String], ofGeneration generation: Int) async throws -> Bool {
        let answer = try await WireClient(home).call("list_accounts")
        let listed = answer["result"]?["accounts"]?.elements ?? []
        return listed.count == accounts.count
            && listed.allSatisfy { $0["generation"]?.int == generation && $0["state"]?.string == "active" }
    }
}
