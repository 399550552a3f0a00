import Foundation
import Glibc

/// Looks into the memory of another process (proc_pid_mem(5)). Needs root.
package struct ProcessMemory: Sendable {
    private let pid: pid_t

    /// Whether that is allowed here.
    package static let canRun = geteuid() == 0

    package init(of process: ChildProcess) { pid = process.pid }

    /// How often a text is in what the process can write to.
    package func count(of text: String) throws -> Int {
        let needle = Data(text.utf8)
        return try writableParts().reduce(into: 0) { count, part in
            var rest = part[...]
            while let found = rest.range(of: needle) {
                count += 1
                rest = rest[found.upperBound...]
            }
        }
    }

    private func writableParts() throws -> [Data] {
        let file = open("/proc/\(pid)/mem", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw SystemError("open /proc/\(pid)/mem") }
        defer { close(file) }
        let maps = try String(contentsOfFile: "/proc/\(pid)/maps", encoding: .utf8)
        return maps.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            let ends = words[0].split(separator: "-").compactMap { Int($0, radix: 16) }
            guard words[1].hasPrefix("rw"), ends.count == 2 else { return nil }
            var part = Data(count: ends[1] - ends[0])
            // What is gone by now, or was never touched, can't be read.
            let count = part.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, off_t(ends[0])) }
            return count > 0 ? part.prefix(count) : nil
        }
    }
}
