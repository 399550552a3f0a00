import Foundation
import Synchronization

/// The built programs, which lie beside the program or test bundle that drives them.
package enum Program: String, Sendable {
    case quartiled
    case quartilectl
    case sandbox = "quartile-sandbox"

    /// Where it is. Throws if it was not built.
    package var path: String {
        get throws {
            let directories = Program.directories
            for directory in directories {
                let path = directory + "/" + rawValue
                if access(path, X_OK) == 0 { return path }
            }
            throw Missing(program: self, directories: directories)
        }
    }

    package struct Missing: Error, CustomStringConvertible {
        let program: Program
        let directories: [String]

        package var description: String { "\(program.rawValue) is not in any of \(directories): build it first" }
    }

    /// Where a library is that was built beside the programs.
    package static func library(_ name: String) throws -> String {
        let paths = found.map { "\($0)/\(name)" }
        guard let path = paths.first(where: { access($0, R_OK) == 0 }) else { throw SystemError(name, ENOENT) }
        return path
    }

    /// Has every program taken from this directory and no other from now on: those of a release build, say.
    package static func use(_ directory: String) { chosen.withLock { $0 = directory } }

    private static let chosen = Mutex<String?>(nil)

    private static var directories: [String] { chosen.withLock { $0.map { [$0] } } ?? found }

    /// A test bundle is a program of its own or loaded by one, as the tool chain likes; either way it is mapped. Any
    /// other program has them beside itself.
    private static let found: [String] = {
        let maps = String(decoding: FileManager.default.contents(atPath: "/proc/self/maps") ?? Data(), as: UTF8.self)
        let files = maps.split(separator: "\n").compactMap { line in
            line.firstIndex(of: "/").map { String(line[$0...]) }
        }
        let bundles = Set(files.filter { $0.hasSuffix(".xctest") }).sorted()
        return (bundles + [URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().path]).map {
            URL(filePath: $0).deletingLastPathComponent().path
        }
    }()
}
