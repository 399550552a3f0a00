import Foundation
import Synchronization
import Testing

/// What one test has made: a directory and processes. All of it goes when the test ends, however it ends.
final class World: Sendable {
    @TaskLocal private static var bound: World?

    /// The world of the test that is running.
    static var current: World {
        get throws {
            guard let bound else { throw NotBound() }
            return bound
        }
    }

    struct NotBound: Error, CustomStringConvertible {
        var description: String { "the suite lacks the trait .endToEnd" }
    }

    /// A directory of the test's own, empty at first.
    let directory: String
    private let processes = Mutex<[ChildProcess]>([])
    private let lastName = Mutex(0)

    private init() throws {
        var template = Array("/tmp/quartiled-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError("mkdtemp") }
        directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Runs `body` in a new world, then ends its processes and removes its directory.
    static func with(_ body: @concurrent @Sendable () async throws -> Void) async throws {
        let world = try World()
        let result: Result<Void, any Error>
        do {
            result = .success(try await $bound.withValue(world, operation: body))
        } catch {
            result = .failure(error)
        }
        for process in world.processes.withLock({ $0 }) { await process.end() }
        try FileManager.default.removeItem(atPath: world.directory)
        try result.get()
    }

    /// Takes care of a process.
    func keep(_ process: ChildProcess) { processes.withLock { $0.append(process) } }

    /// A path in the directory that nothing has yet.
    func newPath(_ stem: String) -> String {
        let number = lastName.withLock { number in
            number += 1
            return number
        }
        return "\(directory)/\(stem)-\(number)"
    }

    /// Writes a new file, 0600, and says where.
    func file(_ stem: String, _ text: String) throws -> String {
        let path = newPath(stem)
        guard
            FileManager.default.createFile(
                atPath: path,
                contents: Data(text.utf8),
                attributes: [.posixPermissions: 0o600]
            )
        else { throw SystemError("createFile \(path)") }
        return path
    }
}

/// A system call that failed.
struct SystemError: Error, CustomStringConvertible {
    let description: String

    /// The call `name`, with the `errno` that it left.
    init(_ name: String, _ code: Int32 = errno) {
        description = "\(name): \(String(cString: strerror(code)))"
    }
}

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
