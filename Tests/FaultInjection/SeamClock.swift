import EndToEndHarness
import Foundation

/// The clocks of programs that are started with its environment: `libClockSeam.so`, which lies beside this program.
final class SeamClock: Sendable {
    private let path: String

    /// Clocks that are those of the machine, or run so many times as fast.
    init(speed: Int = 1) throws {
        path = try World.current.file("clock", "")
        try set(speed: speed)
    }

    /// What a program is started with to go by these clocks.
    var environment: [String: String] {
        get throws {
            let own = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            let library = own.appending(path: "libClockSeam.so").path
            guard access(library, R_OK) == 0 else { throw SystemError(library) }
            return ["LD_PRELOAD": library, "CLOCK_SEAM_FILE": path]
        }
    }

    /// Sets how far ahead of the machine's clocks these are: the wall clock, and the one that runs from boot, which is
    /// ahead by the time asleep. The programs follow within milliseconds.
    func set(wall: Duration = .zero, asleep: Duration = .zero, speed: Int = 1) throws {
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
