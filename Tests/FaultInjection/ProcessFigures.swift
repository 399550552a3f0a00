import EndToEndHarness
import Foundation

/// What the kernel says of a process (proc(5)).
struct ProcessFigures: Sendable {
    /// Processor time used so far, user's and kernel's.
    let processorTime: Duration
    /// Memory that is resident, in bytes.
    let residentMemory: Int

    init(_ pid: pid_t) throws {
        let stat = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        // The name, in parentheses, may hold spaces. What follows begins with field 3.
        let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ").dropFirst()
        let ticks = try present(fields.dropFirst(11).prefix(2).map { Int($0) ?? 0 }.reduce(0, +), "times of \(pid)")
        let pages = try present(fields.dropFirst(21).first.flatMap { Int($0) }, "memory of \(pid)")
        processorTime = .seconds(ticks) / sysconf(Int32(_SC_CLK_TCK))
        residentMemory = pages * sysconf(Int32(_SC_PAGESIZE))
    }
}
