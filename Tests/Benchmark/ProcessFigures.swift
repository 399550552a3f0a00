import EndToEndHarness
import Foundation

/// What the kernel says of a process (proc(5)).
struct ProcessFigures: Sendable {
    private let pid: pid_t

    init(_ process: ChildProcess) { pid = process.pid }

    /// Resident memory in MiB.
    func residentMemory() throws -> Double {
        let pages = try file("statm").split(separator: " ")
        return Double(try present(pages.dropFirst().first.flatMap { Int($0) }, "memory") * sysconf(Int32(_SC_PAGESIZE)))
            / 1_048_576
    }

    /// The part of it that is its own: all but pages of files, which the kernel can drop and all processes share.
    func anonymousMemory() throws -> Double {
        let line = try file("status").split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
        return try number(line?.split(whereSeparator: \.isWhitespace).dropFirst().first) / 1_024
    }

    /// Processor time used so far by all threads that live, in nanoseconds.
    func processorTime() throws -> Double {
        try tasks().map { try number(try file("task/\($0)/schedstat").split(separator: " ").first) }.reduce(0, +)
    }

    /// How often a thread was put on a core or taken off it, over all threads that live.
    func contextSwitches() throws -> Double {
        try tasks().flatMap { task in
            try file("task/\(task)/status").split(separator: "\n")
                .filter { $0.contains("_ctxt_switches:") }
                .map { try number($0.split(whereSeparator: \.isWhitespace).last) }
        }.reduce(0, +)
    }

    /// Bytes that went to a disk, or will. Nil where this user may not know.
    func bytesWritten() throws -> Double? {
        let text: String
        do {
            text = try file("io")
        } catch CocoaError.fileReadNoPermission {
            return nil
        }
        return try number(
            text.split(separator: "\n").first { $0.hasPrefix("write_bytes:") }?.split(separator: " ").last
        )
    }

    private func tasks() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task") }

    private func file(_ name: String) throws -> String {
        try String(contentsOfFile: "/proc/\(pid)/\(name)", encoding: .utf8)
    }

    private func number(_ text: Substring?) throws -> Double {
        try present(text.flatMap { Double($0) }, "a number in /proc/\(pid)")
    }
}
