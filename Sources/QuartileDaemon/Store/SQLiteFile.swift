import GRDB
import Glibc
import QuartileCore

/// The file of the database as a file: whether it is there and ours, how it is made, opened and copied.
struct SQLiteFile {
    /// The file, symbolic links resolved.
    let path: String
    /// The tables that it has or will have.
    let schema: SQLiteSchema
    /// How long a call waits for another program (a backup, `sqlite3` at a prompt) that has the file locked.
    let busyTimeout: Double

    /// The file whose lock goes before everything else: one daemon at a time.
    var lockPath: String { path + ".lock" }

    /// What is given up on a full disk.
    var ballastPath: String { path + ".ballast" }

    private var problem: SQLiteProblem { SQLiteProblem(path: path) }

    /// Looks at the file without a change to it. False where there is none, and none was: then it can be made.
    ///
    /// An empty file is not taken for none: this program gives a file its name when it is complete, so an empty one is
    /// what somebody else, or a full disk, left of a database.
    func exists() throws -> Bool {
        guard let status = try PrivateFiles.status(path) else {
            // SQLite would play the journal of the lost file back into the new one.
            if let journal = try PrivateFiles.status(path + "-journal"), journal.st_size > 0 {
                throw StoreError.failed(
                    "\(path)-journal is there, but the database \(path) that it belongs to is missing. "
                        + "Put the database back, or remove the journal."
                )
            }
            return false
        }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw problem.notOurs("it is a directory") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw problem.notOurs("it is not an ordinary file") }
        guard status.st_uid == geteuid() else {
            throw StoreError.failed(
                "The database \(path) belongs to uid \(status.st_uid), not to uid \(geteuid()), which this runs as. "
                    + "Use: chown \(geteuid()) \(path)"
            )
        }
        try checkHeader(mode: status.st_mode)
        return true
    }

    /// What tells a file from any other, as long as it is open (stat(2)).
    struct Identity: Equatable {
        let device: dev_t
        let number: ino_t
    }

    /// The file that has the database's name now; nil where none has.
    func identity() throws(FileError) -> Identity? {
        try PrivateFiles.status(path).map { Identity(device: $0.st_dev, number: $0.st_ino) }
    }

    /// The file no longer has its name.
    var displaced: StoreError {
        .failed(
            "The database \(path) was moved, removed or replaced while the daemon has it open, and is not written any more. "
                + "Put the file that was there back in its place, or restart the daemon to go on without it."
        )
    }

    /// Refuses a directory that others can write to: they could put a journal there, which SQLite would play back.
    func checkDirectory() throws {
        let directory = PrivateFiles.parent(of: path)
        guard let status = try PrivateFiles.status(directory) else {
            throw FileError(what: "The directory \(directory) can't be looked at", reason: Errno(ENOENT))
        }
        guard status.st_uid == geteuid() || status.st_uid == 0 else {
            throw StoreError.failed(
                "The directory \(directory) belongs to uid \(status.st_uid), not to uid \(geteuid()), which this runs as. "
                    + "Keep the database in a directory of your own (--database)."
            )
        }
        guard status.st_mode & 0o022 == 0 else {
            throw StoreError.failed(
                "Other users can write to the directory \(directory), so a database is not safe there. "
                    + "Use: chmod go-w \(directory), or name another place with --database."
            )
        }
    }

    /// Reads what identifies an SQLite file (sqlite.org/fileformat2.html, section 1.3), before SQLite, which might play
    /// back a journal, is let near it.
    private func checkHeader(mode: mode_t) throws {
        let file = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            throw StoreError.failed(
                "The database \(path) can't be opened for writing: \(Errno.last). "
                    + "Make it and its directory writable for uid \(geteuid())."
            )
        }
        // Nothing in this process has the file open yet, so no lock is dropped with this.
        defer { close(file) }
        var header = [UInt8](repeating: 0, count: 100)
        let count = read(file, &header, header.count)
        guard count >= 0 else { throw FileError(what: "The database \(path) can't be read", reason: .last) }
        guard count > 0 else { throw problem.notOurs("it is empty") }
        guard count == header.count, header.starts(with: Array("SQLite format 3\0".utf8)) else {
            throw problem.notOurs("it is no SQLite file")
        }
        let applicationID = header[68..<72].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard Int32(bitPattern: applicationID) == SQLiteSchema.applicationID else {
            throw problem.notOurs("it is the SQLite file of another program")
        }
        // Restored from a backup with other permissions, perhaps: user names are not sealed.
        guard mode & 0o077 == 0 || fchmod(file, 0o600) == 0 else {
            throw FileError(what: "The permissions of \(path) can't be set", reason: .last)
        }
    }

    /// Makes the file with its tables and its data key. It is complete, and durable, when it gets its name; what a
    /// crash leaves is a draft that the next start removes.
    func create(dataKey: WrappedDataKey, source: KeySourceKind) throws {
        let draft = path + ".new"
        try PrivateFiles.remove(draft)
        try PrivateFiles.create(draft, holding: [])
        let queue = try DatabaseQueue(path: draft, configuration: configuration())
        try queue.inDatabase { db in
            // A draft is thrown away after a crash, so it needs no journal on disk.
            try db.execute(sql: "PRAGMA journal_mode = MEMORY")
            try db.inTransaction(.immediate) {
                try schema.create(db)
                try db.execute(
                    sql: "INSERT INTO data_key (id, wrapped, key_id, source, canary) VALUES (1, ?, ?, ?, ?)",
                    arguments: [dataKey.wrapped, dataKey.keyID, source.rawValue, dataKey.canary]
                )
                return .commit
            }
        }
        try queue.close()
        // Kept, though of no use: what GRDB has attached to it would be given back on the pool of threads that is better
        // left alone (QueueExecutor).
        _ = Unmanaged.passRetained(queue)
        try PrivateFiles.synchronizeFile(draft)
        try PrivateFiles.rename(draft, to: path)
    }

    /// Opens the file, which exists. A transaction that a crash interrupted is rolled back; nothing else is changed.
    func connect() throws -> DatabaseQueue {
        try DatabaseQueue(path: path, configuration: configuration())
    }

    /// Brings the file to the newest version, when a copy of it as it is stands beside it: `DATABASE.before-vN`, 0600.
    /// To go back, stop the daemon and move the copy to the place of the database.
    func migrate(_ db: Database, from version: Int) throws {
        guard version < schema.version else { return }
        let copy = SQLiteFile.copyName(path, before: schema.version)
        let draft = copy + ".new"
        try PrivateFiles.remove(draft)
        do {
            try PrivateFiles.create(draft, holding: [])
            try db.execute(sql: "VACUUM INTO ?", arguments: [draft])
            // SQLite leaves this to us (sqlite.org/lang_vacuum.html, "VACUUM with an INTO clause").
            try PrivateFiles.synchronizeFile(draft)
            try PrivateFiles.rename(draft, to: copy)
        } catch {
            // On a full disk it would keep what little is left. Where this fails as well, the next start does it.
            try? PrivateFiles.remove(draft)
            throw error
        }
        try schema.migrate(db, from: version)
    }

    /// The copies that earlier migrations left, of which some may be gone.
    var copies: [String] {
        schema.version < 2 ? [] : (2...schema.version).map { SQLiteFile.copyName(path, before: $0) }
    }

    private static func copyName(_ path: String, before version: Int) -> String { "\(path).before-v\(version)" }

    /// What every connection has from its first statement on.
    func configuration() -> GRDB.Configuration {
        var configuration = GRDB.Configuration()
        configuration.label = "quartiled.store"
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(busyTimeout)
        // Should a ROLLBACK fail on a dying disk, GRDB would end the process for the transaction that is left open.
        // The store ends it before the next one instead.
        configuration.allowsUnsafeTransactions = true
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA synchronous = EXTRA")
            try db.execute(sql: "PRAGMA secure_delete = ON")
            // Sorting and statement journals stay out of temporary files.
            try db.execute(sql: "PRAGMA temp_store = MEMORY")
        }
        return configuration
    }
}
