import EndToEndHarness
import Foundation

/// Where it was measured, and what else went on there.
struct Machine: Sendable {
    let processor: String
    let kernel: String
    let coreCount: Int
    let load: String
    let date: String

    init(_ cores: Cores) throws {
        let lines = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8).split(separator: "\n")
        processor =
            lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last
            .map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown processor"
        kernel = try Self.line("/proc/sys/kernel/osrelease")
        coreCount = ProcessInfo.processInfo.activeProcessorCount
        load = try Self.line("/proc/loadavg").split(separator: " ").prefix(1).joined()
        date = Date().formatted(.iso8601)
    }

    private static func line(_ path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    var text: String { "\(processor), \(coreCount) cores, Linux \(kernel); load at the start: \(load)" }
}
