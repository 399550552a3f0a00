import QuartileCore
import Testing

@testable import QuartileDaemon

@Suite struct TokenManagerTests {
    let bench = Bench()
    let name: AccountName

    init() throws { name = try #require(AccountName("shop")) }

    private var login: Login {
        Login(
            account: name,
            username: "ada@example.com",
            password: Secret("correct-horse"),
            subscriptionKey: Secret("0123456789abcdef0123456789abcdef"),
            apiVersion: nil,
            baseURL: nil,
            remember: true,
            ifChanged: false
        )
    }

    private func received(_ name: String) -> Outcome {
        .received(.example(name, from: bench.clock.now().wall), sent: bench.clock.now())
    }

    @Test func aLoginIsDurableBeforeItIsServed() async throws {
        try bench.manager.start()
        try await bench.run {
            let login = Task { [bench, login] in try await bench.manager.logIn(login) }
            let (account, answer) = try await bench.api.nextLogin()
            #expect(account.username == "ada@example.com")
            #expect(bench.store.accounts.isEmpty)
            answer.resume(returning: received("one"))
            let generation = try await login.value.generation
            #expect(generation == 1)
            #expect(bench.store.accounts[name]?.tokens.set.accessToken == Secret("access-one"))
            let served = try await bench.token(name)
            #expect(served.tokens.set.accessToken == Secret("access-one"))
        }
    }

    @Test func aLoginThatFailsLeavesNothing() async throws {
        try bench.manager.start()
        try await bench.run {
            let account = Task { [bench, login] in try await bench.manager.logIn(login) }
            let (_, answer) = try await bench.api.nextLogin()
            answer.resume(returning: .passwordRejected(Failure(.upstreamRejected, "wrong password")))
            await #expect(throws: RequestFailure.self) { try await account.value }
            #expect(bench.store.accounts.isEmpty)
            #expect(bench.manager.statuses().isEmpty)
        }
    }

    @Test func aLoginThatFailsLeavesTheAccountThatWasThere() async throws {
        try bench.put("shop")
        try bench.manager.start()
        try await bench.run {
            let account = Task { [bench, login] in try await bench.manager.logIn(login) }
            let (_, answer) = try await bench.api.nextLogin()
            answer.resume(returning: .passwordRejected(Failure(.upstreamRejected, "wrong password")))
            await #expect(throws: RequestFailure.self) { try await account.value }
            let served = try await bench.token(name)
            #expect(served.tokens.set.accessToken == Secret("access-shop-1"))
            let status = try bench.manager.status(of: name)
            #expect(status.state == .active)
        }
    }

    @Test func aLoginOverAnAccountContinuesItsGeneration() async throws {
        try bench.put("shop")
        try bench.manager.start()
        try await bench.run {
            let account = Task { [bench, login] in try await bench.manager.logIn(login) }
            let (_, answer) = try await bench.api.nextLogin()
            answer.resume(returning: received("two"))
            let generation = try await account.value.generation
            #expect(generation == 2)
        }
    }

    @Test func aLoginWithNothingChangedMakesNoCall() async throws {
        try bench.put("shop")
        try bench.manager.start()
        try await bench.run {
            var login = login
            login.ifChanged = true
            let generation = try await bench.manager.logIn(login).generation
            #expect(generation == 1)
            #expect(bench.api.callsMade == 0)
        }
    }

    @Test func callersAtExpiryShareOneRefresh() async throws {
        try bench.put("shop", age: .hours(12), password: .none)
        try bench.manager.start()
        try await bench.run {
            try await withThrowingTaskGroup(of: Generation.self) { group in
                for _ in 0..<100 { group.addTask { try await bench.token(name).tokens.generation } }
                let (token, answer) = try await bench.api.nextRefresh()
                #expect(token == Secret("refresh-shop-1"))
                answer.resume(returning: received("two"))
                for try await generation in group { #expect(generation == 2) }
            }
            #expect(bench.api.callsMade == 1)
        }
    }

    @Test func nothingIsSentWhereTheIntentCannotBeWritten() async throws {
        try bench.put("shop", age: .hours(12), password: .none)
        bench.store.fail { if case .openIntent = $0 { true } else { false } }
        try bench.manager.start()
        try await bench.run {
            do {
                _ = try await withCheckedContinuation { done in
                    bench.manager.getToken(name, minValid: nil, maxWait: 0) { done.resume(returning: $0) }
                }.get()
                Issue.record("a token was served")
            } catch {}
            bench.manager.commits.flush()
            #expect(bench.api.callsMade == 0)
            let status = try bench.manager.status(of: name)
            #expect(status.lastError?.failure.code == .storageFailed)
        }
    }

    @Test func aReceivedSetThatCannotBeSavedIsServedAndSavedLater() async throws {
        try bench.put("shop", age: .hours(12), password: .none)
        bench.store.fail { if case .saveTokens = $0 { true } else { false } }
        try bench.manager.start()
        try await bench.run {
            let token = Task { [bench, name] in try await bench.token(name) }
            let (_, answer) = try await bench.api.nextRefresh()
            answer.resume(returning: received("two"))
            let served = try await token.value
            #expect(served.tokens.set.accessToken == Secret("access-two"))
            #expect(served.degraded?.failure.code == .storageFailed)
            #expect(bench.manager.isStorageFailing)
            #expect(bench.store.accounts[name]?.tokens.generation == 1)

            bench.store.fail { _ in false }
            bench.pass(.minutes(6))
            bench.manager.commits.flush()
            #expect(bench.store.accounts[name]?.tokens.set.refreshToken == Secret("refresh-two"))
            #expect(!bench.manager.isStorageFailing)
            #expect(bench.api.callsMade == 1)
        }
    }

    @Test func whatCouldNotBeSavedIsSavedBeforeTheEnd() async throws {
        try bench.put("shop", age: .hours(12), password: .none)
        bench.store.fail { if case .saveTokens = $0 { true } else { false } }
        try bench.manager.start()
        try await bench.run {
            let token = Task { [bench, name] in try await bench.token(name) }
            let (_, answer) = try await bench.api.nextRefresh()
            answer.resume(returning: received("two"))
            _ = try await token.value
            #expect(bench.store.accounts[name]?.tokens.generation == 1)

            bench.store.fail { _ in false }
            let end = Task { [bench] in try await bench.manager.run() }
            end.cancel()
            try await end.value
            #expect(bench.store.accounts[name]?.tokens.set.refreshToken == Secret("refresh-two"))
        }
    }

    @Test func aNewPasswordHealsAnAccountThatNeedsALogin() async throws {
        try bench.put("shop", age: .hours(13), password: .rejected)
        try bench.manager.start()
        try await bench.run {
            let first = Task { [bench, name] in try await bench.token(name) }
            let (_, answer) = try await bench.api.nextRefresh()
            answer.resume(returning: .refused(Failure(.upstreamRejected, "dead")))
            do {
                _ = try await first.value
                Issue.record("a token was served")
            } catch RequestFailure.failed(let failure, _) {
                #expect(failure.code == .loginRequired)
                #expect(failure.remedy == "quartilectl update --account shop")
            }

            _ = try await bench.manager.update(Update(account: name, password: Secret("new-horse")))
            let (account, login) = try await bench.api.nextLogin()
            #expect(account.password == Secret("new-horse"))
            login.resume(returning: received("two"))
            let served = try await bench.token(name)
            #expect(served.tokens.generation == 2)
        }
    }

    @Test func aLogoutWaitsForTheRequestUnderWayAndLeavesNothing() async throws {
        try bench.put("shop", age: .hours(12), password: .none)
        try bench.manager.start()
        try await bench.run {
            let token = Task { [bench, name] in try await bench.token(name) }
            let (_, answer) = try await bench.api.nextRefresh()
            let logout = Task { [bench, name] in try await bench.manager.logOut(name) }
            answer.resume(returning: received("two"))
            _ = try? await token.value  // served or gone, depending on which came first
            try await logout.value
            #expect(bench.store.accounts.isEmpty)
            #expect(bench.manager.statuses().isEmpty)
        }
    }

    @Test func theTimerIsArmedForTheNextRefreshButNeverLongerThanAMinute() throws {
        try bench.put("shop")
        try bench.manager.start()
        #expect(bench.timer.delay == .seconds(60))
    }

    @Test func anAccountIsRefreshedAheadOfExpiry() async throws {
        try bench.put("shop")
        try bench.manager.start()
        try await bench.run {
            bench.pass(.hours(11))
            let (_, answer) = try await bench.api.nextRefresh()
            let served = try await bench.token(name)
            #expect(served.tokens.generation == 1)
            answer.resume(returning: received("two"))
        }
    }

    @Test(arguments: [Operation.refresh, .login])
    func anAnswerThatCanBeReadNowIsTakenAtTheStart(cutOff: Operation) throws {
        try bench.put("shop")
        var stored = try #require(bench.store.accounts[name])
        let now = bench.clock.now().wall
        stored.unreadAnswer = Secret("kept")
        stored.refreshToken = .spent
        stored.openIntent = Intent(generation: 1, operation: cutOff, at: now)
        stored.lastError = LastError(Failure(.upstreamUnavailable, "not a token set"), at: now, retryAt: now)
        bench.store.put(stored)
        try bench.manager.start()
        let status = try bench.manager.status(of: name)
        #expect(status.generation == 2)
        #expect(status.state == .active)
        guard case .saveTokens(_, _, let entry)? = bench.store.commits.last else {
            Issue.record("the set was not saved")
            return
        }
        // A login counts against the budget, whoever read its answer.
        #expect(entry.countsAgainstLoginBudget == (cutOff == .login))
    }
}
