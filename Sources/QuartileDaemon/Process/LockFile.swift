import Glibc
import QuartileCore

/// A lock that one process at a time can have, known by the name of its file and held until `release` or the end of
/// the process, however that comes (flock(2)).
///
/// The file stays when the lock is given back: if it were removed, a process that had opened it just before would hold a
/// lock on a file that has no name, and a third could take one on its successor.
package final class LockFile: Sendable {
    /// The file.
    package let path: String
    private let file: Int32

    private init(path: String, file: Int32) {
        self.path = path
        self.file = file
    }

    deinit {
        // A process that is being started has a copy of the descriptor until it runs its own program.
        flock(file, LOCK_UN)
        close(file)
    }

    /// Takes the lock of this file, which is made 0600 where it is missing, and writes the process id into it. Does not
    /// wait: where another holds it, that is `.held`.
    package static func acquire(_ path: String) throws(LockFileError) -> LockFile {
        while true {
            let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
            guard file >= 0 else { throw .failed("The lock file \(path) can't be opened: \(Errno.last).") }
            let lock = LockFile(path: path, file: file)
            var status = stat()
            guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                throw .failed("The lock file \(path) is not an ordinary file. Remove it.")
            }
            guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
                if errno == EINTR { continue }
                guard errno == EWOULDBLOCK else { throw .failed("\(path) can't be locked: \(Errno.last).") }
                throw .held(path: path, pid: lock.holder())
            }
            // Somebody removed the file by hand between our opening and locking it: the lock has no name any more.
            var named = stat()
            guard stat(path, &named) == 0, named.st_ino == status.st_ino, named.st_dev == status.st_dev else {
                continue
            }
            let pid = Array("\(getpid())\n".utf8)
            // Written over the last holder's id before the rest is cut off: that takes no space on a full disk.
            guard pwrite(file, pid, pid.count, 0) == pid.count, ftruncate(file, pid.count) == 0 else {
                throw .failed("The lock file \(path) can't be written: \(Errno.last).")
            }
            return lock
        }
    }

    /// As ``acquire(_:)``, but waits for so long where another holds it.
    static func acquire(_ path: String, within limit: Milliseconds) throws(LockFileError) -> LockFile {
        let deadline = SystemClock().now().boot + limit
        while true {
            do throws(LockFileError) {
                return try acquire(path)
            } catch {
                guard case .held = error, SystemClock().now().boot < deadline else { throw error }
            }
            // flock(2) can wait, but for no limited time.
            usleep(10_000)
        }
    }

    /// Who holds the lock, as far as the file says. The holder writes its id a moment after it has the lock; until then
    /// the file is empty or names one that has ended, so it is looked at again for a tenth of a second.
    private func holder() -> Int32? {
        var text = [UInt8](repeating: 0, count: 16)
        for _ in 0..<100 {
            let count = pread(file, &text, text.count, 0)
            if count > 0, text[count - 1] == UInt8(ascii: "\n"),
                let pid = Int32(String(decoding: text[..<(count - 1)], as: UTF8.self)), pid > 0,
                kill(pid, 0) == 0 || errno == EPERM
            {
                return pid
            }
            usleep(1000)
        }
        return nil
    }
}

/// Why a lock was not got.
package enum LockFileError: Error, Sendable, Equatable {
    /// Another process has it; `pid` is nil where it has not said who it is. Ends the daemon with 75.
    case held(path: String, pid: Int32?)
    /// The file can't be opened or locked; the sentence says which and why. Ends the daemon with 74.
    case failed(String)

    /// One sentence for people.
    package var sentence: String {
        switch self {
        case .held(let path, let pid?): "Process \(pid) is running with this already and holds \(path)."
        case .held(let path, nil): "Another process is running with this already and holds \(path)."
        case .failed(let sentence): sentence
        }
    }
}
