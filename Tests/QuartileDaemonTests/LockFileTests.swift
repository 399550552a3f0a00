import Foundation
import Glibc
import Testing

@testable import QuartileDaemon

struct LockFileTests {
    let directory: TemporaryDirectory
    var path: String { directory.file("x.lock") }

    init() throws { directory = try TemporaryDirectory() }

    @Test func lockHoldsTheProcessIDInAFileClosedToOthers() throws {
        let lock = try LockFile.acquire(path)
        #expect(lock.path == path)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "\(getpid())\n")
        #expect(try PrivateFiles.status(path).map { $0.st_mode & 0o7777 } == 0o600)
    }

    @Test func secondIsToldWhoHoldsIt() throws {
        let lock = try LockFile.acquire(path)
        #expect(throws: LockFileError.held(path: path, pid: getpid())) { try LockFile.acquire(path) }
        withExtendedLifetime(lock) {}
    }

    @Test func lockIsFreeAgainWhenDroppedAndTheFileStays() throws {
        try directory.write("99999999999999\n", to: "x.lock")
        do { _ = try LockFile.acquire(path) }
        let lock = try LockFile.acquire(path)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "\(getpid())\n")
        withExtendedLifetime(lock) {}
    }

    @Test func holderThatDoesNotSayWhoItIsIsStillHeld() throws {
        let lock = try LockFile.acquire(path)
        #expect(truncate(path, 0) == 0)
        #expect(throws: LockFileError.held(path: path, pid: nil)) { try LockFile.acquire(path) }
        withExtendedLifetime(lock) {}
    }

    @Test func lockOfAnotherProcessIsFreeWhenThatIsKilled() throws {
        try directory.write("", to: "x.lock")
        let holder = Process()
        holder.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
        // The shell takes the process id of the lock's holder, and says when it has it.
        holder.arguments = ["--no-fork", path, "/bin/sh", "-c", "echo $$ > \(path); echo; exec sleep 600"]
        let output = Pipe()
        holder.standardOutput = output
        try holder.run()
        defer { holder.terminate() }
        _ = output.fileHandleForReading.readData(ofLength: 1)
        #expect(throws: LockFileError.held(path: path, pid: holder.processIdentifier)) { try LockFile.acquire(path) }
        kill(holder.processIdentifier, SIGKILL)
        holder.waitUntilExit()
        _ = try LockFile.acquire(path)
    }

    @Test func oneOfAHundredGetsIt() async throws {
        let path = path
        let locks = await withTaskGroup(of: Result<LockFile, LockFileError>.self) { group in
            for _ in 0..<100 {
                group.addTask { Result { () throws(LockFileError) in try LockFile.acquire(path) } }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let held = locks.filter {
            switch $0 {
            case .success: false
            case .failure(let error): error == .held(path: path, pid: getpid())
            }
        }
        #expect(held.count == 99)
    }

    @Test func whatIsNoOrdinaryFileIsRefused() throws {
        #expect(throws: LockFileError.self) { try LockFile.acquire(directory.path) }
        #expect(mkfifo(directory.file("fifo"), 0o600) == 0)
        #expect(throws: LockFileError.self) { try LockFile.acquire(directory.file("fifo")) }
        #expect(symlink(directory.file("elsewhere"), directory.file("link")) == 0)
        #expect(throws: LockFileError.self) { try LockFile.acquire(directory.file("link")) }
        #expect(try PrivateFiles.status(directory.file("elsewhere")) == nil)
    }

    @Test func sentenceNamesTheFile() throws {
        let missing = directory.file("none/x.lock")
        do {
            _ = try LockFile.acquire(missing)
            Issue.record("made in a directory that is not there")
        } catch {
            #expect(error.sentence.contains(missing))
        }
        #expect(LockFileError.held(path: path, pid: 7).sentence.contains("Process 7"))
    }
}
