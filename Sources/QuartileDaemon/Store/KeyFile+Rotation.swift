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
extension KeyFile {
    /// The names of the files.
    struct Places {
        /// The file, symbolic links followed, so that a link stays one.
        let file: String

        func next(_ id: String) -> String { "\(file).next-\(id)" }
        func former(_ id: String) -> String { "\(file).old-\(id)" }
    }

    var places: Places {
        guard let real = realpath(path, nil) else { return Places(file: path) }
        defer { free(real) }
        return Places(file: String(cString: real))
    }

    package func successor(ofKeyWithID former: String?) throws(KeySourceError) -> Secret {
        let key = KeyText.makeKey()
        var text = KeyText.text(of: key)
        defer { text.resetBytes(in: 0..<text.count) }
        do throws(FileError) {
            let places = places
            let directory = PrivateFiles.parent(of: places.file)
            try PrivateFiles.makeDirectory(directory)
            try PrivateFiles.create(places.next(WrappedDataKey.keyID(of: key)), holding: text)
            try PrivateFiles.synchronizeDirectory(directory)
        } catch {
            throw .unwritable("\(error.sentence) A new key is kept beside the key file \(path).")
        }
        return key
    }

    package func settle(onKeyWithID id: String) throws(KeySourceError) {
        let places = places
        do throws(FileError) {
            guard try PrivateFiles.status(places.next(id)) != nil else { return }
        } catch {
            throw .unwritable(error.sentence)
        }
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

    package func adviceOnBackups(from former: String) -> String {
        let kept = places.former(former)
        return "Back up the key file \(path) again: backups of the database from now on open with its key alone."
            + (access(kept, F_OK) == 0
                ? " Those from before open with the former key, in \(kept); remove it where there are none."
                : " Those from before open with the former key.")
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
