import Glibc
import QuartileCore

/// The pages of code that the kernel holds ready for this process: those of the program and of its libraries.
enum CodePages {
    /// After this time of serving, what only the start needed is needed no more.
    static let startTime = Milliseconds.seconds(1)

    /// Lets go of all of them. The next use of one brings it back, from memory as a rule, so nothing is lost but some
    /// microseconds; those that only the start needed, some 15 MiB, stay away.
    static func release() {
        // Where the kernel does not say, in a sandbox without `/proc`, for example, they stay.
        guard let maps = try? RegularFile.read("/proc/self/maps", atMost: 1 << 20) else { return }
        for range in ranges(inMaps: String(decoding: maps, as: UTF8.self)) {
            // Nothing is ever written to them, so there is nothing to lose (madvise(2), "MADV_DONTNEED"). Where it
            // fails they stay.
            _ = madvise(UnsafeMutableRawPointer(bitPattern: range.lowerBound), range.count, MADV_DONTNEED)
        }
    }

    /// Where files are mapped to be executed and not to be written, by `/proc/PID/maps` (proc_pid_maps(5)).
    static func ranges(inMaps text: String) -> [Range<UInt>] {
        text.split(separator: "\n").compactMap { line in
            // Addresses, permissions, offset, device, inode (0 where there is no file), path.
            let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
            guard fields.count > 4, fields[1] == "r-xp", fields[4] != "0" else { return nil }
            let ends = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            return ends.count == 2 && ends[0] < ends[1] ? ends[0]..<ends[1] : nil
        }
    }
}
