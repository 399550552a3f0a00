import Foundation

/// The built programs, which lie beside the test bundle.
enum Program: String, Sendable {
    case quartiled
    case quartilectl
    case sandbox = "quartile-sandbox"

    /// Where it is. Throws if it was not built.
    var path: String {
        get throws {
            for directory in Program.directories {
                let path = directory + "/" + rawValue
                if access(path, X_OK) == 0 { return path }
            }
            throw Missing(program: self)
        }
    }

    struct Missing: Error, CustomStringConvertible {
        let program: Program
        var description: String { "\(program.rawValue) is not in any of \(Program.directories): build it first" }
    }

    /// The test bundle is a program of its own or loaded by one, as the tool chain likes; either way it is mapped.
    private static let directories: [String] = {
        let maps = String(decoding: FileManager.default.contents(atPath: "/proc/self/maps") ?? Data(), as: UTF8.self)
        let files = maps.split(separator: "\n").compactMap { line in
            line.firstIndex(of: "/").map { String(line[$0...]) }
        }
        return Set(files.filter { $0.hasSuffix(".xctest") }).sorted().map {
            URL(filePath: $0).deletingLastPathComponent().path
        }
    }()
}
