import FoundationEssentials
import Glibc
package import QuartileCore

/// The key-encryption key in a file of its own, outside the directory of the database, so that a copy or a backup of
/// the database alone opens nothing.
///
/// The file holds the base64 (RFC 4648, section 4) of 32 bytes and at most one newline. It must belong to the user of
/// this process and be closed to everybody else.
///
/// Beside it there may be others of the same form, with the id of their key in their names: `FILE.next-ID`, a key that
/// is about to take its place, and `FILE.old-ID`, a former one. Former keys are kept, for they open backups of the
/// database, and another database that was made with the same file. Several daemons may have it at once; who changes
/// what is there holds `FILE.lock`.
package struct KeyFile: KeySource {
    /// The file.
    package let path: String
    /// How long another process may hold the lock. It does so for some writes to the disk; and a daemon that is asked to
    /// stop has 10 s for everything.
    var patience = Milliseconds.seconds(5)

    /// The key in the file at `path`.
    package init(path: String) { self.path = path }

    package var kind: KeySourceKind { .keyFile }

    package var remedyForWrongKey: String {
        "Put the right key file back from a backup at \(path), or name it in QUARTILED_KEY_FILE."
    }

    /// The key in the file itself, which must be there.
    package func key() throws(KeySourceError) -> Secret {
        guard let key = try read(path) else {
            throw .unusable(
                "The key file \(path) is missing, and without it nothing in the database can be read. "
                    + "Put it back from a backup, or name the right file in QUARTILED_KEY_FILE."
            )
        }
        return key
    }

    package func key(withID id: String) throws(KeySourceError) -> Secret {
        let first: Result<Secret, KeySourceError>
        do throws(KeySourceError) {
            let key = try key()
            if WrappedDataKey.keyID(of: key) == id { return key }
            first = .success(key)
        } catch {
            first = .failure(error)
        }
        let places = places
        // The file once more: the key may just have taken its place in it.
        for path in [places.next(id), places.former(id), path] {
            do throws(KeySourceError) {
                if let key = try read(path), WrappedDataKey.keyID(of: key) == id { return key }
            } catch {
                // What the user has to see to is the file that ought to hold the key.
            }
        }
        return try first.get()
    }

    package func keyForNewDatabase() throws(KeySourceError) -> Secret {
        if let key = try read(path) { return key }
        do throws(FileError) {
            try PrivateFiles.makeDirectory(PrivateFiles.parent(of: places.file))
        } catch {
            throw notKept(error)
        }
        return try locked { () throws(KeySourceError) in
            // Another process may have made it by now.
            if let key = try read(path) { return key }
            do throws(FileError) {
                try make()
            } catch {
                throw notKept(error)
            }
            return try key()
        }
    }

    private func notKept(_ error: FileError) -> KeySourceError {
        .unwritable("\(error.sentence) The key for a new database is kept in \(path).")
    }

    /// Does something that changes files, while no other process does.
    func locked<Value>(_ body: () throws(KeySourceError) -> Value) throws(KeySourceError) -> Value {
        let lock: LockFile
        do throws(LockFileError) {
            lock = try LockFile.acquire(places.lock, within: patience)
        } catch {
            switch error {
            case .failed(let sentence): throw .unwritable(sentence)
            case .held(let path, let pid):
                let holder = pid.map { "Process \($0)" } ?? "Another process"
                throw .unwritable("\(holder) is at the key file and does not let go of \(path). Try again.")
            }
        }
        defer { withExtendedLifetime(lock) {} }
        return try body()
    }

    /// The key in one of the files; nil where there is no file.
    func read(_ path: String) throws(KeySourceError) -> Secret? {
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
        let key: Secret?
        do throws(Errno) {
            key = try KeyText.read(from: file)
        } catch {
            throw .unusable("The key file \(path) can't be read: \(error).")
        }
        guard let key else {
            throw .unusable(
                "The key file \(path) does not hold a key, which is \(KeyText.words). "
                    + "Put the right file back from a backup, or name it in QUARTILED_KEY_FILE."
            )
        }
        return key
    }

    /// Makes the file, whole from the moment that it has its name, so that a crash leaves a key or none. What has the name
    /// by then stays.
    private func make() throws(FileError) {
        var text = KeyText.text(of: KeyText.makeKey())
        defer { text.resetBytes(in: 0..<text.count) }
        // Only a process that has ended can have left a file with our process id behind.
        let draft = "\(path).new-\(getpid())"
        try PrivateFiles.remove(draft)
        try PrivateFiles.create(draft, holding: text)
        switch try PrivateFiles.nameUnlessTaken(draft, path) {
        case .named, .taken: break
        // The lock is held, and nothing was there.
        case .unknown: try PrivateFiles.rename(draft, to: path)
        }
    }
}
