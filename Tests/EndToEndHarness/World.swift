import Foundation
import Synchronization

/// What one test or fault has made: a directory and processes. All of it goes when the test ends, however it ends.
package final class World: Sendable {
    @TaskLocal private static var bound: World?

    /// The world of the test that is running.
    package static var current: World {
        get throws {
            guard let bound else { throw NotBound() }
            return bound
        }
    }

    package struct NotBound: Error, CustomStringConvertible {
        package var description: String { "no world is bound: a suite lacks the trait .endToEnd" }
    }

    /// A directory of the test's own, empty at first.
    package let directory: String
    private let processes = Mutex<[ChildProcess]>([])
    private let lastName = Mutex(0)

    private init(below parent: String) throws {
        var template = Array("\(parent)/quartiled-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError("mkdtemp") }
        directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Runs `body` in a new world, whose directory lies in `parent`, then ends its processes and removes its directory.
    package static func with<Value: Sendable>(
        below parent: String = "/tmp",
        _ body: @concurrent @Sendable () async throws -> Value
    ) async throws -> Value {
        let world = try World(below: parent)
        let result: Result<Value, any Error>
        do {
            result = .success(try await $bound.withValue(world, operation: body))
        } catch {
            result = .failure(error)
        }
        for process in world.processes.withLock({ $0 }) { await process.end() }
        try FileManager.default.removeItem(atPath: world.directory)
        return try result.get()
    }

    /// Takes care of a process.
    package func keep(_ process: ChildProcess) { processes.withLock { $0.append(process) } }

    /// A path in the directory that nothing has yet.
    package func newPath(_ stem: String) -> String {
        let number = lastName.withLock { number in
            number += 1
            return number
        }
        return "\(directory)/\(stem)-\(number)"
    }

    /// Writes a new file, 0600, and says where.
    package func file(_ stem: String, _ text: String) throws -> String {
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
package struct SystemError: Error, CustomStringConvertible {
    package let description: String

    /// The call `name`, with the `errno` that it left.
    package init(_ name: String, _ code: Int32 = errno) {
        description = "\(name): \(String(cString: strerror(code)))"
    }
}
