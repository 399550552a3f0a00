import EndToEndHarness
import Foundation
import Testing

/// Gives each test of a suite a ``World``, and keeps their number down: every one has several processes.
struct EndToEndTrait: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func scopeProvider(for test: Test, testCase: Test.Case?) -> EndToEndTrait? { testCase == nil ? nil : self }

    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        await Slots.shared.take()
        do {
            try await World.with(function)
        } catch {
            await Slots.shared.giveBack()
            throw error
        }
        await Slots.shared.giveBack()
    }
}

extension Trait where Self == EndToEndTrait {
    /// The tests drive the built programs.
    static var endToEnd: EndToEndTrait { EndToEndTrait() }
}

/// A place for each test that may run now.
private actor Slots {
    static let shared = Slots()

    private var free = max(3, ProcessInfo.processInfo.activeProcessorCount)
    private var queue: [CheckedContinuation<Void, Never>] = []

    func take() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { queue.append($0) }
        }
    }

    func giveBack() {
        if queue.isEmpty { free += 1 } else { queue.removeFirst().resume() }
    }
}
