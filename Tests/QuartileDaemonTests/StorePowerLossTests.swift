import Foundation
import QuartileCore
import Testing

@testable import QuartileDaemon

/// Power losses, and errors of the disk followed by one: what was said to be saved is there afterwards.
struct StorePowerLossTests {
    let fixture: StoreFixture
    var state: String { fixture.directory.file("state") }
    /// A login, and two refreshes.
    let changes: [StoreChange] = [
        .put(), .intent(1), .saveTokens(.ada, .example(2), .example(after: 1)), .intent(2),
        .saveTokens(.ada, .example(3), .example(after: 2)),
    ]

    init() throws {
        fixture = try StoreFixture()
        try fixture.commit(.put(.bob))
    }

    @Test(arguments: 1...2 as ClosedRange<UInt64>)
    func whatWasSavedOutlivesAPowerLossAtAnyTime(seed: UInt64) throws {
        for call in 0... {
            let machine = try Machine(of: fixture, seed: seed)
            machine.disk.fail(call..<Int.max)
            var saved = 0
            if let store = try? machine.fixture.open() {  // the power may fail before it is open
                _ = refusal { try store.load(now: .start) }
                for change in changes where refusal({ try store.commit([change]) }) == nil {
                    // What is said without power nobody hears.
                    if machine.disk.count <= call { saved += 1 }
                }
                try store.close()
            }
            try machine.expect(saved...changes.count, of: changes, "power lost at call \(call)")
            if machine.disk.count < call { return }
        }
    }

    /// The disk fails for one call, for a few, or until the daemon gives up; then it is well again and the change is
    /// written again, as the daemon does it.
    @Test(arguments: [1, 2, 8])
    func whatIsSavedAfterAnErrorOutlivesAPowerLoss(length: Int) throws {
        for call in 0... {
            let machine = try Machine(of: fixture, seed: UInt64(call))
            let store = try machine.fixture.open()
            let first = machine.disk.count
            let failing = (first + call)..<(first + call + length)
            machine.disk.fail(failing)
            for (index, change) in changes.enumerated() {
                let before = machine.disk.count
                for attempt in 0... {
                    guard refusal({ try store.commit([change]) }) != nil else { break }
                    try #require(attempt < length, "it stays broken")
                }
                guard failing.overlaps(before..<machine.disk.count) || index == changes.count - 1 else { continue }
                // A login that is in the file counts, though the disk failed twice; the next commit makes it certain.
                let isConfirmed = machine.fixture.logs.messages.last?.contains("does not confirm") != true
                let count = index + 1
                try machine.expect(
                    (isConfirmed ? count : 0)...count,
                    of: changes,
                    "\(length) errors from call \(call), after change \(count)"
                )
            }
            try store.close()
            if machine.disk.count - first < call { return }
        }
    }

    /// The daemon ends after the error, and the next one is told of what it finds.
    @Test(arguments: [1, 2])
    func whatIsFoundAfterARestartOutlivesAPowerLoss(length: Int) throws {
        for call in 0... {
            let machine = try Machine(of: fixture, seed: UInt64(call))
            let store = try machine.fixture.open()
            let first = machine.disk.count
            machine.disk.fail((first + call)..<(first + call + length))
            for change in changes where refusal({ try store.commit([change]) }) != nil { break }
            machine.disk.fail(0..<0)
            try store.close()
            let found = try machine.fixture.load().accounts.first { $0.account.name == .ada }?.tokens.generation ?? 0
            let kept = try machine.generationAfterPowerLoss()
            #expect(kept == found, "\(length) errors from call \(call)")
            if machine.disk.count - first < call { return }
        }
    }
}

/// A copy of a fixture on a disk that fails.
private struct Machine {
    let fixture: StoreFixture
    let disk: FaultyDisk

    init(of original: StoreFixture, seed: UInt64) throws {
        fixture = try StoreFixture()
        for name in ["state/quartiled.db", "data/key"] {
            try fixture.put(original.bytes(at: original.directory.file(name)), at: fixture.directory.file(name))
        }
        disk = FaultyDisk(fixture.directory.file("state"), seed: seed)
    }

    /// What a daemon would find after a power loss.
    private func afterPowerLoss() throws -> [StoredAccount] {
        let other = try StoreFixture()
        try other.put(fixture.bytes(at: fixture.keyPath), at: other.keyPath)
        try PrivateFiles.makeDirectory(other.directory.file("state"))
        try disk.copyAfterPowerLoss(to: other.directory.file("state"))
        let watched = FaultyDisk(other.directory.file("state"), seed: 0)
        let contents = try other.load()
        withExtendedLifetime(watched) {}
        #expect(contents.damaged.isEmpty)
        return contents.accounts
    }

    func generationAfterPowerLoss() throws -> Generation {
        try afterPowerLoss().first { $0.account.name == .ada }?.tokens.generation ?? 0
    }

    /// Expects that what is left is the state after so many of `changes`.
    func expect(_ counts: ClosedRange<Int>, of changes: [StoreChange], _ comment: Comment) throws {
        let accounts = try afterPowerLoss()
        #expect(accounts.contains { $0.account.name == .bob && $0.tokens == .example(1) }, comment)
        let ada = accounts.first { $0.account.name == .ada }
        let found: Int
        switch (ada?.tokens.generation, ada?.openIntent?.generation) {
        case (nil, nil): found = 0
        case (1, nil): found = 1
        case (1, 1): found = 2
        case (2, nil): found = 3
        case (2, 2): found = 4
        case (3, nil): found = 5
        default: found = -1
        }
        #expect(counts.contains(found), comment)
    }
}

extension StoreChange {
    fileprivate static func intent(_ generation: Generation) -> StoreChange {
        .openIntent(
            .ada,
            Intent(generation: generation, operation: .refresh, at: Moment.start.wall + Milliseconds(generation)),
            refreshToken: .ambiguous,
            replacingOwn: false
        )
    }
}
