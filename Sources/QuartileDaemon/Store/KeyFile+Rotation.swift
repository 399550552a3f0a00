import FoundationEssentials
import Glibc
package import QuartileCore

/// How one key takes the place of another. At every moment, on disk, the key that the database takes has a name under
/// which `key(withID:)` looks for it:
///
/// | step | `FILE` | beside it | the database takes |
/// | --- | --- | --- | --- |
/// | before | old | | old |
/// | `successor` | old | `FILE.next-NEW` | old |
/// | the database's commit | old | `FILE.next-NEW` | new, or old after a power loss in the middle of it |
/// | `settle`, first half | old | `FILE.next-NEW`, `FILE.old-OLD` | new |
/// | `settle`, second half | new | `FILE.old-OLD` | new |
///
/// Where another database has the same file, "old" and "new" are its keys too: what `settle` finds in the file is kept as
/// a former key, whoever's it is. The lock holds others off from when it is read to when another is in its place.
extension KeyFile {
    /// The names of the files.
    struct Places {
        /// The file, symbolic links followed, so that a link stays one.
        let file: String

        func next(_ id: String) -> String { "\(file).next-\(id)" }
        func former(_ id: String) -> String { "\(file).old-\(id)" }
        var lock: String { "\(file).lock" }
    }

    var places: Places {
        guard let real = realpath(path, nil) else { return Places(file: path) }
        defer { free(real) }
        return Places(file: String(cString: real))
    }

    package func successor(ofKeyWithID former: String?) throws(KeySourceError) -> Secret {
        let key = KeyText.makeKey()
        let places = places
        do throws(FileError) {
            try PrivateFiles.makeDirectory(PrivateFiles.parent(of: places.file))
        } catch {
            throw unwritable(error)
        }
        return try locked { () throws(KeySourceError) in
            removeEmptySuccessors(places)
            do throws(FileError) {
                try write(key, to: places.next(WrappedDataKey.keyID(of: key)))
            } catch {
                throw unwritable(error)
            }
            return key
        }
    }

    private func unwritable(_ error: FileError) -> KeySourceError {
        .unwritable("\(error.sentence) A new key has to be written beside the key file \(path).")
    }

    private func write(_ key: Secret, to next: String) throws(FileError) {
        var text = KeyText.text(of: key)
        defer { text.resetBytes(in: 0..<text.count) }
        try PrivateFiles.create(next, holding: text)
        do throws(FileError) {
            try PrivateFiles.synchronizeDirectory(PrivateFiles.parent(of: next))
        } catch {
            // Nothing takes it. Where this fails too, it stays, and it is the first failure that matters.
            unlink(next)
            throw error
        }
    }

    package func settle(onKeyWithID id: String) throws(KeySourceError) {
        let places = places
        func isThere() throws(KeySourceError) -> Bool {
            do throws(FileError) {
                return try PrivateFiles.status(places.next(id)) != nil
            } catch {
                throw .unwritable(error.sentence)
            }
        }
        guard try isThere() else { return }
        try locked { () throws(KeySourceError) in
            // A copy of the database takes the same key, and its daemon may have been faster.
            guard try isThere() else { return }
            if let present = try read(places.file) {
                if WrappedDataKey.keyID(of: present) == id { return try withdraw(keyWithID: id) }
                try keep(present, at: places)
            }
            do throws(FileError) {
                try PrivateFiles.rename(places.next(id), to: places.file)
            } catch {
                throw .unwritable(error.sentence)
            }
        }
    }

    /// Removes what was left where the power failed while a new key was written: files of no bytes, in which there never
    /// was a key that a database takes. All others stay: nobody can say which databases there are.
    private func removeEmptySuccessors(_ places: Places) {
        let prefix = places.next("")
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: PrivateFiles.parent(of: places.file))
        } catch {
            // They are in nobody's way.
            return
        }
        for name in names {
            let path = "\(PrivateFiles.parent(of: places.file))/\(name)"
            var status = stat()
            guard path.hasPrefix(prefix), path.dropFirst(prefix.count).allSatisfy(\.isHexDigit),
                lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size == 0
            else { continue }
            unlink(path)
        }
    }

    package func withdraw(keyWithID id: String) throws(KeySourceError) {
        do throws(FileError) {
            try PrivateFiles.remove(places.next(id))
        } catch {
            throw .unwritable(error.sentence)
        }
    }

    package func advice(onKeyWithID id: String) -> String? {
        do throws(KeySourceError) {
            if let key = try read(path), WrappedDataKey.keyID(of: key) == id { return nil }
        } catch {
            // It does not hold the key, then.
        }
        let places = places
        if access(places.next(id), F_OK) == 0 {
            return "The key is in \(places.next(id)), which could not take the place of \(path): see the log, and back "
                + "up that file as well."
        }
        return "The key is the former one in \(places.former(id)), for \(path) holds another: give the database a new "
            + "one with quartilectl key rotate."
    }

    package func adviceOnBackups(withKeyWithID id: String) -> String? {
        let next = places.next(id)
        if access(next, F_OK) == 0 { return "Backups of the database from now on open with the key in \(next) alone." }
        return "Back up the key file \(path) again: backups of the database from now on open with its key alone."
    }

    package func adviceOnFormerKey(withID id: String) -> String {
        let sentence = "Backups of the database from before open with the former key"
        guard let file = fileOfKey(withID: id) else { return "\(sentence)." }
        return "\(sentence), in \(file): remove it with the last of them, unless another database takes it."
    }

    /// The file that holds the key with this id, or that may be the one; nil where none is.
    private func fileOfKey(withID id: String) -> String? {
        let places = places
        for file in [places.former(id), path, places.next(id)] {
            do throws(KeySourceError) {
                if let key = try read(file), WrappedDataKey.keyID(of: key) == id { return file }
            } catch {
                // It may be the one.
                return file
            }
        }
        return nil
    }

    /// Gives the key in the file its name as a former one, durably.
    private func keep(_ key: Secret, at places: Places) throws(KeySourceError) {
        let id = WrappedDataKey.keyID(of: key)
        let former = places.former(id)
        let code = link(places.file, former) == 0 ? 0 : errno
        switch code {
        case 0: break
        case EEXIST:
            guard try read(former) == key else {
                throw .unwritable(
                    "The key file \(places.file) can't be kept, for \(former) is another file. Remove it."
                )
            }
        default:
            // A file system without hard links. A draft, so that a crash leaves no half of a key under this name.
            var text = KeyText.text(of: key)
            defer { text.resetBytes(in: 0..<text.count) }
            do throws(FileError) {
                try PrivateFiles.remove(former + ".new")
                try PrivateFiles.create(former + ".new", holding: text)
                try PrivateFiles.rename(former + ".new", to: former)
            } catch {
                throw .unwritable(error.sentence)
            }
        }
        do throws(FileError) {
            try PrivateFiles.synchronizeDirectory(PrivateFiles.parent(of: former))
        } catch {
            throw .unwritable(error.sentence)
        }
    }
}
