import CLinux
import Glibc

/// A call on the file system that failed.
struct FileError: Error, Equatable {
    /// What was tried, as a sentence without its full stop.
    let what: String
    /// Why not.
    let reason: Errno

    /// The whole sentence.
    var sentence: String { "\(what): \(reason)." }
}

/// Files and directories that nobody but their owner may look into. The permissions are given when a file is made, so
/// that there is no moment at which it is open to others.
enum PrivateFiles {
    /// Makes `path` and those above it that are missing, 0700 each, durably.
    static func makeDirectory(_ path: String) throws(FileError) {
        if mkdir(path, 0o700) == 0 {
            try synchronizeDirectory(parent(of: path))
            return
        }
        let code = errno
        switch code {
        case EEXIST:
            return
        case ENOENT where parent(of: path) != path:
            try makeDirectory(parent(of: path))
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
                throw FileError(what: "The directory \(path) can't be made", reason: .last)
            }
            try synchronizeDirectory(parent(of: path))
        default:
            throw FileError(what: "The directory \(path) can't be made", reason: Errno(code))
        }
    }

    /// The name that `path` really has: absolute, symbolic links followed (a last one that leads nowhere yet, too). The
    /// directory is made where it is missing. Two names of one file come out the same, unless they are hard links.
    static func resolve(_ path: String) throws(FileError) -> String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        // As many links as the kernel itself follows before it answers ELOOP.
        for _ in 0..<40 {
            var target = [UInt8](repeating: 0, count: Int(PATH_MAX))
            let count = target.withUnsafeMutableBufferPointer { buffer in
                buffer.baseAddress.map { readlink(path, $0, buffer.count) } ?? -1
            }
            if count < 0 {
                let directory = parent(of: path)
                try makeDirectory(directory)
                guard let real = realpath(directory, nil) else {
                    throw FileError(what: "The directory \(directory) can't be reached", reason: .last)
                }
                defer { free(real) }
                let resolved = String(cString: real)
                return resolved == "/" ? "/" + name(of: path) : resolved + "/" + name(of: path)
            }
            let link = String(decoding: target.prefix(count), as: UTF8.self)
            path = link.hasPrefix("/") ? link : parent(of: path) + "/" + link
        }
        throw FileError(what: "\(path) can't be followed", reason: Errno(ELOOP))
    }

    /// Makes the file `path`, which must not exist, 0600 and durable, with these bytes. Leaves none where that fails.
    static func create(_ path: String, holding bytes: some Collection<UInt8>) throws(FileError) {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw FileError(what: "The file \(path) can't be made", reason: .last) }
        defer { close(file) }
        guard fill(file, with: bytes), fsync(file) == 0 else {
            let reason = Errno.last
            // Where this fails too, it is the first failure that matters.
            unlink(path)
            throw FileError(what: "The file \(path) can't be written", reason: reason)
        }
    }

    private static func fill(_ file: CInt, with bytes: some Collection<UInt8>) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let chunk = Array(rest.prefix(1 << 16))
            let count = write(file, chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Makes durable what was written to the file `path` by whomever. Nothing else in this process may have it open:
    /// closing a second descriptor drops the locks that the first holds (fcntl(2), advisory record locking).
    static func synchronizeFile(_ path: String) throws(FileError) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw FileError(what: "The file \(path) can't be opened", reason: .last) }
        defer { close(file) }
        guard fsync(file) == 0 else { throw FileError(what: "The file \(path) can't be written", reason: .last) }
    }

    /// Makes durable which names `directory` holds.
    static func synchronizeDirectory(_ directory: String) throws(FileError) {
        let file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { throw FileError(what: "The directory \(directory) can't be opened", reason: .last) }
        defer { close(file) }
        // EINVAL: a file system that knows no such thing, and so can't be asked.
        guard fsync(file) == 0 || errno == EINVAL else {
            throw FileError(what: "The directory \(directory) can't be written", reason: .last)
        }
    }

    /// Removes the file `path`; that it is not there is fine.
    static func remove(_ path: String) throws(FileError) {
        guard unlink(path) == 0 || errno == ENOENT else {
            throw FileError(what: "The file \(path) can't be removed", reason: .last)
        }
    }

    /// Gives the file `path` the name `newPath`, whatever had it before, durably.
    static func rename(_ path: String, to newPath: String) throws(FileError) {
        guard Glibc.rename(path, newPath) == 0 else {
            throw FileError(what: "The file \(path) can't be renamed to \(newPath)", reason: .last)
        }
        try synchronizeDirectory(parent(of: newPath))
    }

    /// Ways to give a file a name that nothing may have yet. No file system has to know either.
    enum Naming: CaseIterable {
        /// A second name, by link(2), and the first one removed.
        case link
        /// RENAME_NOREPLACE of rename(2).
        case rename
    }

    /// What came of giving a file a name that nothing may have yet.
    enum NamingOutcome {
        case named
        /// Something has it, and keeps it; the draft was removed.
        case taken
        /// The file system knows no such way; the draft is where it was.
        case unknown
    }

    /// Gives the file `draft` the name `path`, durably, unless something has it.
    static func nameUnlessTaken(
        _ draft: String,
        _ path: String,
        by ways: [Naming] = Naming.allCases
    ) throws(FileError) -> NamingOutcome {
        for way in ways {
            let isDone =
                switch way {
                case .link: link(draft, path) == 0
                case .rename: renameat2(AT_FDCWD, draft, AT_FDCWD, path, UInt32(quartile_rename_noreplace)) == 0
                }
            let code = isDone ? 0 : errno
            switch code {
            case 0:
                if way == .link { try remove(draft) }
                try synchronizeDirectory(parent(of: path))
                return .named
            case EEXIST:
                try remove(draft)
                return .taken
            case EPERM, EOPNOTSUPP, EINVAL, ENOSYS: continue
            default: throw FileError(what: "The file \(path) can't be made", reason: Errno(code))
            }
        }
        return .unknown
    }

    /// What `path` is, links followed; nil where nothing is there.
    static func status(_ path: String) throws(FileError) -> stat? {
        var status = stat()
        if stat(path, &status) == 0 { return status }
        guard errno == ENOENT else { throw FileError(what: "\(path) can't be looked at", reason: .last) }
        return nil
    }

    /// The directory that holds `path`.
    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func name(of path: String) -> Substring {
        path[(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)...]
    }
}
