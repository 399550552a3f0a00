import EndToEndHarness
import Foundation

/// A file system in memory of a few MiB, which can be filled to the last page. Needs root.
struct SmallDisk: Sendable {
    let path: String
    private var filler: String { path + "/filler" }

    /// Mounts one at `path`, which is made.
    init(at path: String, kibibytes: Int) async throws {
        self.path = path
        try makeDirectory(path)
        try await SmallDisk.run("/usr/bin/mount", "-t", "tmpfs", "-o", "size=\(kibibytes)k,mode=0700", "tmpfs", path)
    }

    /// Whether this process may mount one.
    static func isPossible() async -> Bool {
        do {
            let disk = try await SmallDisk(at: try World.current.newPath("disk"), kibibytes: 64)
            try await disk.unmount()
            return true
        } catch {
            return false
        }
    }

    /// Takes all space but so many bytes.
    func fill(leaving free: Int) throws {
        let file = open(filler, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw SystemError("open \(filler)") }
        defer { close(file) }
        let page = [UInt8](repeating: 0, count: 4096)
        var size = 0
        while true {
            let count = write(file, page, page.count)
            guard count > 0 else { break }
            size += count
        }
        guard errno == ENOSPC else { throw SystemError("write \(filler)") }
        guard ftruncate(file, off_t(max(0, size - free))) == 0 else { throw SystemError("ftruncate") }
    }

    /// Gives the space back.
    func empty() throws {
        guard unlink(filler) == 0 else { throw SystemError("unlink \(filler)") }
    }

    /// Makes it readable only, or writable again. Nothing on it may be open for writing.
    func remount(readOnly: Bool) async throws {
        try await SmallDisk.run("/usr/bin/mount", "-o", readOnly ? "remount,ro" : "remount,rw", path)
    }

    /// Unmounts it, whoever still has it open.
    func unmount() async throws { try await SmallDisk.run("/usr/bin/umount", "-l", path) }

    private static func run(_ program: String, _ arguments: String...) async throws {
        let process = try ChildProcess(program, arguments, environment: [:])
        let end = try await process.waitForEnd()
        guard end == .exit(0) else { throw Unmet("\(program) ended with \(end): \(process.errors)") }
    }
}
