import Glibc
import Testing

@testable import QuartileDaemon

/// A disk of a few MiB (a tmpfs), mounted for one test on the directory of a fixture's database.
final class SmallDisk: Sendable {
    let path: String
    /// Kept until the disk is unmounted: what is mounted on can't be removed.
    private let directory: TemporaryDirectory
    private var filler: String { path + "/filler" }

    /// Whether this process may mount one.
    static let isPermitted: Bool = {
        do {
            _ = try SmallDisk(at: "disk", of: TemporaryDirectory(), size: 1 << 16)
            return true
        } catch {
            return false
        }
    }()

    init(at name: String, of directory: TemporaryDirectory, size: Int) throws {
        self.directory = directory
        path = directory.file(name)
        try PrivateFiles.makeDirectory(path)
        guard mount("quartiled-test", path, "tmpfs", 0, "size=\(size),mode=0700") == 0 else { throw Errno.last }
    }

    deinit { umount2(path, CInt(MNT_DETACH)) }

    /// Takes what is left, to the last byte, but for `rest` bytes.
    func fill(leaving rest: Int = 0) throws {
        let file = open(filler, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Errno.last }
        defer { close(file) }
        let block = [UInt8](repeating: 1, count: 4096)
        while write(file, block, block.count) > 0 {}
        try #require(errno == ENOSPC)
        guard rest > 0 else { return }
        var status = stat()
        try #require(fstat(file, &status) == 0)
        try #require(ftruncate(file, status.st_size - off_t(rest)) == 0)
    }

    /// Gives back what `fill` took.
    func free() throws { try PrivateFiles.remove(filler) }

    /// How much is free.
    func freeBytes() throws -> Int {
        var space = statvfs()
        try #require(statvfs(path, &space) == 0)
        return Int(space.f_bavail) * Int(space.f_frsize)
    }
}
