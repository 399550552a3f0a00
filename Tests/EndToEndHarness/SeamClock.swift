import Foundation

/// The clocks of programs that are started with its environment: `libClockSeam.so`, which lies beside the programs.
package final class SeamClock: Sendable {
    private let path: String

    /// Clocks that are those of the machine, or run so many times as fast.
    package init(speed: Int = 1) throws {
        path = try World.current.file("clock", "")
        try set(speed: speed)
    }

    /// What a program is started with to go by these clocks.
    package var environment: [String: String] {
        get throws {
            ["LD_PRELOAD": try Program.library("libClockSeam.so"), "CLOCK_SEAM_FILE": path]
        }
    }

    /// Sets how far ahead of the machine's clocks these are: the wall clock, and the one that runs from boot, which is
    /// ahead by the time asleep. The programs follow within milliseconds.
    package func set(wall: Duration = .zero, asleep: Duration = .zero, speed: Int = 1) throws {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let since = now.tv_sec * 1_000_000_000 + now.tv_nsec
        let numbers = [nanoseconds(wall + asleep), nanoseconds(asleep), speed, since]
        // In place: what the programs map is this file, not its name.
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        try file.write(contentsOf: numbers.withUnsafeBytes { Data($0) })
        try file.close()
    }

    private func nanoseconds(_ span: Duration) -> Int { Int(span.components.seconds) * 1_000_000_000 }
}
