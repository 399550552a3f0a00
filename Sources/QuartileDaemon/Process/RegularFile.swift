import Glibc

/// A file that is read to its end.
enum RegularFile {
    /// Why a file could not be read.
    enum Problem: Error {
        /// A call on it failed.
        case failed(Errno)
        /// It is a directory, a FIFO, a device or the like.
        case notRegular
        /// It is larger than it may be.
        case tooLarge
    }

    /// All bytes of the file at `path`, links followed, which are `limit` at most.
    static func read(_ path: String, atMost limit: Int) throws(Problem) -> [UInt8] {
        // Not blocking: a FIFO would wait for a writer.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw .failed(.last) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .failed(.last) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegular }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(file, &chunk, chunk.count)
            guard count >= 0 else {
                if errno == EINTR { continue }
                throw .failed(.last)
            }
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= limit else { throw .tooLarge }
        }
    }
}
