import Foundation
import GRDBSQLite
import Glibc
import Synchronization

@testable import QuartileDaemon

/// What a disk would hold of the files of a directory if the power failed: what was synced, and of all else as much as
/// the dice say. It also fails where a test wants it to.
///
/// The files themselves are what the kernel shows to processes. A sync that fails is taken as Linux takes it: what it
/// should have written may be on disk or not, and counts as written from then on (fsync(2), "EIO").
final class FaultyDisk: Sendable {
    /// One change to a file.
    fileprivate enum Operation {
        case write(offset: Int, [UInt8])
        case truncate(Int)
    }

    fileprivate struct File {
        /// What is on disk for certain.
        var durable: [UInt8]
        /// What may be on disk, in the order in which it was done.
        var pending: [Operation] = []
    }

    private struct State {
        var files: [String: File] = [:]
        var failing: Range<Int> = 0..<0
        var failingAfterTruncation = 0
        var count = 0
        var failed = 0
        var random: SplitMix64
    }

    let directory: String
    private let state: Mutex<State>

    /// Watches what SQLite does in `directory` from now on.
    init(_ directory: String, seed: UInt64) {
        self.directory = directory
        state = Mutex(State(random: SplitMix64(state: seed)))
        FaultyVFS.watch(self)
    }

    deinit { FaultyVFS.forget(directory) }

    /// How many calls there were that write, cut or sync a file.
    var count: Int { state.withLock { $0.count } }

    /// Lets the calls with these numbers fail with EIO.
    func fail(_ calls: Range<Int>) { state.withLock { $0.failing = calls } }

    /// How many calls failed.
    var failed: Int { state.withLock { $0.failed } }

    /// Lets so many calls fail as soon as a file was cut: after the end of a transaction, and before the sync of it.
    func failAfterNextTruncation(calls: Int) { state.withLock { $0.failingAfterTruncation = calls } }

    /// Puts what a power loss would leave into another directory.
    func copyAfterPowerLoss(to other: String) throws {
        let files = state.withLock { state in
            state.files.mapValues { file in
                var file = file
                file.settle(keeping: { Int(state.random.next() % 3) })
                return file.durable
            }
        }
        for (path, bytes) in files {
            let copy = other + path.dropFirst(directory.count)
            try Data(bytes).write(to: URL(fileURLWithPath: copy))
            guard chmod(copy, 0o600) == 0 else { throw Errno.last }
        }
    }

    // MARK: - For the VFS

    /// A file was opened; it may be a new one.
    func opened(_ path: String) {
        state.withLock { state in
            guard state.files[path] == nil else { return }
            state.files[path] = File(durable: FileManager.default.contents(atPath: path).map { Array($0) } ?? [])
        }
    }

    /// Whether the next call is let through.
    func lets() -> Bool {
        state.withLock { state in
            defer { state.count += 1 }
            guard state.failing.contains(state.count) else { return true }
            state.failed += 1
            return false
        }
    }

    func wrote(_ path: String, _ bytes: [UInt8], at offset: Int) {
        state.withLock { $0.files[path]?.pending.append(.write(offset: offset, bytes)) }
    }

    func truncated(_ path: String, to size: Int) {
        state.withLock { state in
            state.files[path]?.pending.append(.truncate(size))
            guard state.failingAfterTruncation > 0 else { return }
            state.failing = state.count..<(state.count + state.failingAfterTruncation)
            state.failingAfterTruncation = 0
        }
    }

    func synced(_ path: String, _ isDone: Bool) {
        state.withLock { state in
            state.files[path]?.settle(keeping: { isDone ? 1 : Int(state.random.next() % 3) })
        }
    }
}

extension FaultyDisk.File {
    /// Decides of each change that is open whether it is on disk: 0 not, 1 wholly, 2 the first half of it.
    fileprivate mutating func settle(keeping choose: () -> Int) {
        for operation in pending {
            switch (operation, choose()) {
            case (_, 0): break
            case (.truncate(let size), _):
                durable = durable.prefix(size) + [UInt8](repeating: 0, count: max(0, size - durable.count))
            case (.write(let offset, let bytes), let part):
                let bytes = part == 1 ? bytes[...] : bytes.prefix(bytes.count / 1024 * 512)
                durable += [UInt8](repeating: 0, count: max(0, offset + bytes.count - durable.count))
                durable.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
            }
        }
        pending = []
    }
}

/// SQLite's VFS for Linux (sqlite.org/vfs.html), with a look at what is written in the directories that are watched.
private enum FaultyVFS {
    private struct Watched: @unchecked Sendable {
        // Made when a file is opened, read only, and freed when it is closed: SQLite uses a file in one thread at a time.
        let original: UnsafePointer<sqlite3_io_methods>
        let patched: UnsafeMutablePointer<sqlite3_io_methods>
        let path: String
        weak var disk: FaultyDisk?
    }

    private static let disks = Mutex<[String: WeakDisk]>([:])
    private static let files = Mutex<[Int: Watched]>([:])

    private struct WeakDisk { weak var disk: FaultyDisk? }

    /// The VFS that SQLite comes with. Never freed or changed.
    nonisolated(unsafe) private static let base: UnsafeMutablePointer<sqlite3_vfs> = {
        guard let base = sqlite3_vfs_find(nil) else { preconditionFailure("SQLite has no VFS") }
        let copy = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        copy.initialize(to: base.pointee)
        copy.pointee.zName = UnsafePointer(strdup("quartiled-test"))
        copy.pointee.xOpen = { _, name, file, flags, outFlags in FaultyVFS.open(name, file, flags, outFlags) }
        sqlite3_vfs_register(copy, 1)
        return base
    }()

    static func watch(_ disk: FaultyDisk) {
        _ = base
        disks.withLock { $0[disk.directory] = WeakDisk(disk: disk) }
    }

    static func forget(_ directory: String) { _ = disks.withLock { $0.removeValue(forKey: directory) } }

    private static func open(
        _ name: UnsafePointer<CChar>?,
        _ file: UnsafeMutablePointer<sqlite3_file>?,
        _ flags: CInt,
        _ outFlags: UnsafeMutablePointer<CInt>?
    ) -> CInt {
        let code = base.pointee.xOpen(base, name, file, flags, outFlags)
        guard code == SQLITE_OK, let name, let file, let original = file.pointee.pMethods else { return code }
        let path = String(cString: name)
        guard let disk = disks.withLock({ disks in disks.first { path.hasPrefix($0.key + "/") }?.value.disk }) else {
            return code
        }
        disk.opened(path)
        let patched = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
        patched.initialize(to: original.pointee)
        patched.pointee.xWrite = { file, bytes, count, offset in
            FaultyVFS.pass(file, SQLITE_IOERR | (3 << 8)) { watched, disk in
                let code = watched.original.pointee.xWrite(file, bytes, count, offset)
                if code == SQLITE_OK, let bytes {
                    let copy = Array(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
                    disk.wrote(watched.path, copy, at: Int(offset))
                }
                return code
            }
        }
        patched.pointee.xTruncate = { file, size in
            FaultyVFS.pass(file, SQLITE_IOERR | (6 << 8)) { watched, disk in
                let code = watched.original.pointee.xTruncate(file, size)
                if code == SQLITE_OK { disk.truncated(watched.path, to: Int(size)) }
                return code
            }
        }
        patched.pointee.xSync = { file, _ in
            // Nothing is synced in earnest: what that would do is kept account of.
            FaultyVFS.pass(file, SQLITE_IOERR | (4 << 8)) { watched, disk in
                disk.synced(watched.path, true)
                return SQLITE_OK
            } failing: { watched, disk in
                disk.synced(watched.path, false)
            }
        }
        patched.pointee.xClose = { FaultyVFS.close($0) }
        file.pointee.pMethods = UnsafePointer(patched)
        files.withLock {
            $0[Int(bitPattern: file)] = Watched(original: original, patched: patched, path: path, disk: disk)
        }
        return code
    }

    /// Does `body` where the disk lets this call through; answers `code` where it does not.
    private static func pass(
        _ file: UnsafeMutablePointer<sqlite3_file>?,
        _ code: CInt,
        _ body: (Watched, FaultyDisk) -> CInt,
        failing: (Watched, FaultyDisk) -> Void = { _, _ in }
    ) -> CInt {
        guard let watched = files.withLock({ $0[Int(bitPattern: file)] }), let disk = watched.disk else { return code }
        if disk.lets() { return body(watched, disk) }
        failing(watched, disk)
        errno = EIO
        return code
    }

    private static func close(_ file: UnsafeMutablePointer<sqlite3_file>?) -> CInt {
        guard let file, let watched = files.withLock({ $0.removeValue(forKey: Int(bitPattern: file)) }) else {
            return SQLITE_IOERR
        }
        file.pointee.pMethods = watched.original
        watched.patched.deallocate()
        return watched.original.pointee.xClose(file)
    }
}
