import EndToEndHarness
import Glibc

/// A disk that can't be written for want of something, and can again.
enum Scarcity: Sendable {
    /// The disk is full but for so many bytes; with a ballast to give up, or too small to have one.
    case space(free: Int, ballast: Bool)
    /// Every change fails with this error: `EROFS` as after an error of the disk, or an `ENOSPC` that no ballast helps.
    case failing(String)
    /// No file may be larger.
    case fileSize(Int)

    var name: String {
        switch self {
        case .space(let free, let ballast): "ENOSPC with \(free) bytes free, \(ballast ? "with" : "without") a ballast"
        case .failing(let error): "\(error) from every call"
        case .fileSize(let limit): "RLIMIT_FSIZE of \(limit) bytes"
        }
    }

    /// How many KiB a disk of its own has; nil where it needs none. The ballast of 1 MiB is only made where a quarter
    /// of that stays free.
    var disk: Int? {
        switch self {
        case .space(_, ballast: false): 1024
        case .space: 4096
        case .failing, .fileSize: nil
        }
    }

    /// Begins it, and returns what ends it.
    func begin(_ subject: Subject, _ disk: SmallDisk?) async throws -> () async throws -> Void {
        switch self {
        case .space(let free, _):
            let disk = try present(disk, "a disk to fill")
            try disk.fill(leaving: free)
            return { try disk.empty() }
        case .failing(let error):
            let files = [subject.home.database, subject.home.database + "-journal", subject.home.database + ".ballast"]
            let strace = try await Strace(
                attachedTo: subject.process.pid,
                inject: ["openat,pwrite64,ftruncate,fallocate:error=\(error):when=1+"],
                options: files.flatMap { ["-P", $0] }
            )
            return {
                try await strace.detach()
                try strace.removeLog()
            }
        case .fileSize(let limit):
            try await Scarcity.limit(subject, "\(limit)")
            return { try await Scarcity.limit(subject, "unlimited") }
        }
    }

    private static func limit(_ subject: Subject, _ value: String) async throws {
        let pid = "\(subject.process.pid)"
        let process = try ChildProcess("/usr/bin/prlimit", ["--pid", pid, "--fsize=\(value):"], environment: [:])
        let end = try await process.waitForEnd()
        guard end == .exit(0) else { throw Unmet("prlimit ended with \(end): \(process.errors)") }
        try process.removeOutput()
    }
}
