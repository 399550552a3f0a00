import Glibc
import Logging
import QuartileCore
import Synchronization

/// Space held for what must not be lost: a file of zeros, really allocated, which is given up on a full disk, so that
/// a token set that was received can still be saved, and made again when there is space.
///
/// The file keeps its name and is cut to nothing: that takes no directory entry to make it again, and whoever looks
/// sees that it was given up. It holds nothing but zeros.
///
/// Not to be had where the file system can't reserve space (one that compresses zeros away, for example). That is no
/// error: then the store does without it.
final class Ballast: Sendable {
    /// How large it is. A saved set takes 12 KiB of journal and, now and then, a few pages of database: this is enough
    /// for some 80 accounts in one transaction, or for thousands one after the other.
    static let size: Int64 = 1 << 20
    /// How much stays free beside it when it is made: otherwise it would be the ballast that fills the disk.
    static let headroom: Int64 = 256 << 10
    /// How long after it was given up, or could not be made, it is tried again.
    static let pause = Milliseconds.minutes(1)

    /// The file.
    let path: String
    private let clock: any MomentSource
    private let log: Logger
    private let state = Mutex(State.missing(since: nil, isSpaceShort: false))

    private enum State {
        /// It is there, and all of its space is its own.
        case whole
        /// It is not. Was given up, or could not be made, at this time, and for want of space or not.
        case missing(since: BootTime?, isSpaceShort: Bool)
    }

    init(path: String, clock: any MomentSource, log: Logger) {
        self.path = path
        self.clock = clock
        self.log = log
    }

    /// Gives the space back to the file system. False where there is none to give.
    func giveUp() -> Bool {
        let now = clock.now().boot
        let failure: Errno? = state.withLock { state in
            guard case .whole = state else { return Errno(ENOENT) }
            state = .missing(since: now, isSpaceShort: true)
            return release()
        }
        guard let failure else {
            log.warning("the disk is full; the space held for tokens is given up", metadata: ["file": "\(path)"])
            return true
        }
        if failure.code != ENOENT {
            log.error(
                "the space held for tokens can't be given up",
                metadata: ["file": "\(path)", "reason": "\(failure)"]
            )
        }
        return false
    }

    /// Whether space is so short that it is all for tokens: the file was given up, or there is no room for it.
    var isSpaceShort: Bool {
        state.withLock { state in
            switch state {
            case .whole: false
            case .missing(_, let isSpaceShort): isSpaceShort
            }
        }
    }

    /// Makes the file where it is missing, if it is time. A look at the file otherwise: to be called after each commit that
    /// succeeded.
    func restore() {
        let attempt: (isFirst: Bool, failure: FileError?)? = state.withLock { state in
            if case .whole = state, !isInPlace { state = .missing(since: nil, isSpaceShort: false) }
            guard case .missing(let since, _) = state else { return nil }
            let now = clock.now().boot
            if let since, now < since + Ballast.pause { return nil }
            do throws(FileError) {
                try make()
                state = .whole
                return (since == nil, nil)
            } catch {
                let isSpaceShort = [ENOSPC, EDQUOT].contains(error.reason.code)
                state = .missing(since: now, isSpaceShort: isSpaceShort)
                return (since == nil, error)
            }
        }
        switch attempt {
        case nil, (true, nil)?: break
        case (false, nil)?: log.notice("space is held for tokens again", metadata: ["file": "\(path)"])
        case (let isFirst, let failure?)?:
            log.log(
                level: isFirst ? .warning : .debug,
                "no space can be held for tokens, should the disk be full",
                metadata: ["reason": "\(failure.sentence)"]
            )
        }
    }

    /// Whether the file still has its name and its size: somebody may have tidied up.
    private var isInPlace: Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_size >= Ballast.size
    }

    /// Why the space could not be given back; nil where it was.
    private func release() -> Errno? {
        let file = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else {
            // No descriptor left, or a file system that needs space to cut a file, but none to remove one.
            return unlink(path) == 0 ? nil : .last
        }
        // Some file systems have the blocks for others only when the change is on disk. Where that fails, the commit that
        // comes next says so.
        fsync(file)
        close(file)
        return nil
    }

    private func make() throws(FileError) {
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard file >= 0 else { throw FileError(what: "The file \(path) can't be made", reason: .last) }
        defer { close(file) }
        guard try status(file).st_uid == geteuid(), fchmod(file, 0o600) == 0 else {
            throw FileError(what: "The file \(path) can't be made", reason: Errno(EPERM))
        }
        if try isWhole(file) { return }
        try reserve(file)
        guard try isWhole(file) else {
            ftruncate(file, 0)
            throw FileError(what: "The file \(path) takes up no space of its own", reason: Errno(EOPNOTSUPP))
        }
    }

    private func reserve(_ file: CInt) throws(FileError) {
        var space = statvfs()
        guard fstatvfs(file, &space) == 0 else {
            throw FileError(what: "The space for \(path) can't be found out", reason: .last)
        }
        let needed = UInt64(Ballast.size + Ballast.headroom)
        var code = UInt64(space.f_bavail) < needed / max(1, UInt64(space.f_frsize)) ? ENOSPC : EINTR
        while code == EINTR { code = posix_fallocate(file, 0, off_t(Ballast.size)) }
        // Where the file system knows no reservation, glibc writes zeros, whose blocks are chosen when they are synced.
        if code == 0, fsync(file) != 0 { code = errno }
        guard code == 0 else {
            // Part of it may have been allocated.
            ftruncate(file, 0)
            throw FileError(what: "The file \(path) can't be given its space", reason: Errno(code))
        }
    }

    private func isWhole(_ file: CInt) throws(FileError) -> Bool {
        let status = try status(file)
        // Counted in units of 512 bytes whatever the file system's own are: stat(3type).
        return status.st_size >= Ballast.size && Int64(status.st_blocks) * 512 >= Ballast.size
    }

    private func status(_ file: CInt) throws(FileError) -> stat {
        var status = stat()
        guard fstat(file, &status) == 0 else {
            throw FileError(what: "The file \(path) can't be looked at", reason: .last)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw FileError(what: "The file \(path) is not an ordinary file", reason: Errno(EEXIST))
        }
        return status
    }
}
