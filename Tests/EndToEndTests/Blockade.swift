import EndToEndHarness
import Glibc

/// The lock of SQLite's that keeps everybody out (sqlite.org/src/file/src/os.h, PENDING_BYTE and what follows).
final class Blockade {
    private let file: Int32

    init(_ path: String) throws {
        file = open(path, O_RDWR | O_CLOEXEC)
        guard file >= 0 else { throw SystemError("open") }
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = 0x4000_0000
        lock.l_len = 512
        guard fcntl(file, F_SETLK, &lock) == 0 else { throw SystemError("fcntl") }
    }

    func end() { close(file) }
}
