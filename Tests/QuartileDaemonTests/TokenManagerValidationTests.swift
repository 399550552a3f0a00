import QuartileCore
import Testing

@testable import QuartileDaemon

/// What the API is asked about access tokens, however much it is asked of the daemon.
@Suite(.timeLimit(.minutes(1))) struct TokenManagerValidationTests {
    let bench = Bench()
    let name: AccountName

    init() throws {
        name = try #require(AccountName("shop"))
        try bench.put("shop")
        try bench.manager.start()
    }

    private func validate() -> Task<Bool, any Error> {
        Task { [bench, name] in try await bench.manager.validate(name).valid }
    }

    @Test func manyWhoAskAtOnceShareOneQuestion() async throws {
        let callers = (0..<20).map { _ in validate() }
        let answer = try await bench.api.nextValidation()
        while bench.manager.inspect({ $0.validating.values.first?.count }) != 19 {
            try await Task.sleep(for: .milliseconds(1))
        }
        answer.resume(returning: .success(false))
        for caller in callers { #expect(try await caller.value == false) }
        #expect(bench.api.callsMade == 1)
        bench.clock.advance(by: .seconds(5) - 1)
        #expect(try await validate().value == false)
        #expect(bench.api.callsMade == 1)
        bench.clock.advance(by: 1)
        let later = validate()
        try await bench.api.nextValidation().resume(returning: .success(true))
        #expect(try await later.value)
    }

    @Test func aFailureIsTheAnswerOfAMomentOnly() async throws {
        let first = validate()
        try await bench.api.nextValidation().resume(
            returning: .failure(Failure(.upstreamUnavailable, "connection refused"))
        )
        await #expect(throws: RequestFailure.self) { try await first.value }
        await #expect(throws: RequestFailure.self) { try await validate().value }
        #expect(bench.api.callsMade == 1)
        bench.clock.advance(by: .seconds(1))
        let later = validate()
        try await bench.api.nextValidation().resume(returning: .success(true))
        #expect(try await later.value)
    }

    @Test func nothingIsAskedWhileTheAPIWantsToBeLeftAlone() async throws {
        var failure = Failure(.upstreamUnavailable, "429")
        failure.retryAfter = .minutes(1)
        let first = validate()
        try await bench.api.nextValidation().resume(returning: .failure(failure))
        await #expect(throws: RequestFailure.self) { try await first.value }
        let asked = bench.clock.now().wall + .minutes(1)
        bench.clock.advance(by: .seconds(50))
        var until: UnixTime?
        do {
            _ = try await bench.manager.validate(name)
        } catch {
            if case .failed(_, let retryAt) = error { until = retryAt }
        }
        let told = try #require(until)
        #expect(told >= asked)
        #expect(bench.api.callsMade == 1)
        bench.clock.advance(by: told - bench.clock.now().wall)
        let later = validate()
        try await bench.api.nextValidation().resume(returning: .success(true))
        #expect(try await later.value)
    }
}
