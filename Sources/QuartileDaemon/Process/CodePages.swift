import Glibc
import QuartileCore

/// The pages of code that the kernel holds ready for this process: those of the program and of its libraries.
enum CodePages {
    /// After this time of serving, what only the start needed is needed no more.
    static let startTime = Milliseconds.seconds(1)

    /// Lets go of all of them. The next use of one brings it back, from memory as a rule, so nothing is lost but some
    /// microseconds; those that only the start needed, some 15 MiB, stay away.
    static func release() {
        for range in ranges(inMaps: maps()) {
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

    /// Empty where the kernel does not say, in a sandbox without `/proc`, for example.
    private static func maps() -> String {
        let file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var text: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = read(file, &part, part.count)
            guard count > 0 else { return String(decoding: text, as: UTF8.self) }
            text += part[..<count]
        }
    }
}
