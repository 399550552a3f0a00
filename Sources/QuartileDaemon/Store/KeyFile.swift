import FoundationEssentials
import Glibc
package import QuartileCore

/// The key-encryption key in a file of its own, outside the directory of the database, so that a copy or a backup of
/// the database alone opens nothing.
///
/// The file holds the base64 (RFC 4648, section 4) of 32 bytes and at most one newline. It must belong to the user of
/// this process and be closed to everybody else.
package struct KeyFile: KeySource {
    /// The file.
    package let path: String

    /// The key in the file at `path`.
    package init(path: String) { self.path = path }

    package var kind: KeySourceKind { .keyFile }

    package func key() throws(KeySourceError) -> Secret {
        guard let key = try read() else {
            throw .unusable(
                "The key file \(path) is missing, and without it nothing in the database can be read. "
                    + "Put it back from a backup, or name the right file in QUARTILED_KEY_FILE."
            )
        }
        return key
    }

    package func keyForNewDatabase() throws(KeySourceError) -> Secret {
        if let key = try read() { return key }
        do {
            try make()
        } catch {
            throw .unwritable("\(error.sentence) The key for a new database is kept in \(path).")
        }
        // What counts is what the file holds: another process may have made it in the same moment.
        return try key()
    }

    /// How many bytes a key has.
    private static let count = 32

    /// The key; nil where there is no file.
    private func read() throws(KeySourceError) -> Secret? {
        // Not blocking, or a FIFO of this name would hold up the start for ever.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw .unusable(
                "The key file \(path) can't be read: \(Errno.last). "
                    + "Make it readable for this user, or name another file in QUARTILED_KEY_FILE."
            )
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .unusable("The key file \(path) is not an ordinary file. Name one that is in QUARTILED_KEY_FILE.")
        }
        guard status.st_uid == geteuid() else {
            throw .unusable(
                "The key file \(path) belongs to uid \(status.st_uid), not to uid \(geteuid()), which this runs as. "
                    + "Use: chown \(geteuid()) \(path)"
            )
        }
        guard status.st_mode & 0o077 == 0 else {
            throw .unusable("The key file \(path) is open to other users. Use: chmod 600 \(path)")
        }
        // One byte more than a key with its newline, so that a longer file is seen to be one.
        var text = Data(count: 46)
        defer { text.resetBytes(in: 0..<text.count) }
        let count = text.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
        guard count >= 0 else {
            throw .unusable("The key file \(path) can't be read: \(Errno.last).")
        }
        var line = text.prefix(count)
        if line.last == UInt8(ascii: "\n") { line.removeLast() }
        guard line.count == 44, var bytes = Data(base64Encoded: line), bytes.count == KeyFile.count else {
            throw .unusable(
                "The key file \(path) does not hold a key, which is the base64 of \(KeyFile.count) bytes on one line. "
                    + "Put the right file back from a backup, or name it in QUARTILED_KEY_FILE."
            )
        }
        defer { bytes.resetBytes(in: 0..<bytes.count) }
        return Secret(bytes: bytes)
    }

    /// Makes the file, whole from the moment that it has its name, so that a crash leaves a key or none. Where another
    /// process was faster, its file stays.
    private func make() throws(FileError) {
        let directory = PrivateFiles.parent(of: path)
        try PrivateFiles.makeDirectory(directory)
        var generator = SystemRandomNumberGenerator()
        var bytes = Data((0..<KeyFile.count).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
        var text = bytes.base64EncodedData() + [UInt8(ascii: "\n")]
        defer {
            bytes.resetBytes(in: 0..<bytes.count)
            text.resetBytes(in: 0..<text.count)
        }
        // Only a process that has ended can have left a file with our process id behind.
        let draft = "\(path).new-\(getpid())"
        try PrivateFiles.remove(draft)
        try PrivateFiles.create(draft, holding: text)
        let code = link(draft, path) == 0 ? 0 : errno
        if code == EPERM || code == EOPNOTSUPP {
            // A file system without hard links.
            try PrivateFiles.rename(draft, to: path)
            return
        }
        try PrivateFiles.remove(draft)
        guard code == 0 || code == EEXIST else {
            throw FileError(what: "The key file \(path) can't be made", reason: Errno(code))
        }
        try PrivateFiles.synchronizeDirectory(directory)
    }
}
