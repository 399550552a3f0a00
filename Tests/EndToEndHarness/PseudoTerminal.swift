import Foundation
import Glibc

/// A terminal for programs, with a test in the place of the person (pty(7)).
package final class PseudoTerminal {
    /// What programs open.
    package let path: String
    private let master: Int32
    /// Held open, so that the terminal outlives the programs.
    private let slave: Int32
    private var text = ""

    // linux/asm-generic/ioctls.h
    private static let getNumber: UInt = 0x8004_5430
    private static let setLock: UInt = 0x4004_5431

    package init() throws {
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)
        guard master >= 0 else { throw SystemError("open /dev/ptmx") }
        var number: UInt32 = 0
        var isLocked: Int32 = 0
        guard ioctl(master, Self.setLock, &isLocked) == 0, ioctl(master, Self.getNumber, &number) == 0 else {
            throw SystemError("ioctl")
        }
        path = "/dev/pts/\(number)"
        slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)
        guard slave >= 0 else { throw SystemError("open \(path)") }
    }

    deinit {
        close(slave)
        close(master)
    }

    /// Starts a program in a session that has this terminal.
    package func start(_ path: String, _ arguments: [String], environment: [String: String]) throws -> ChildProcess {
        // It becomes what it starts, so the process is the program's.
        try ChildProcess(
            "/usr/bin/setsid",
            ["--ctty", path] + arguments,
            environment: environment,
            input: .path(self.path),
            output: .path(self.path),
            errors: .path(self.path)
        )
    }

    /// Whether what is typed is shown.
    package var isEchoOn: Bool {
        get throws {
            var settings = termios()
            guard tcgetattr(slave, &settings) == 0 else { throw SystemError("tcgetattr") }
            return settings.c_lflag & tcflag_t(ECHO) != 0
        }
    }

    /// Types.
    package func type(_ text: String) throws {
        let bytes = Array(text.utf8)
        guard write(master, bytes, bytes.count) == bytes.count else { throw SystemError("write") }
    }

    /// All that has been shown so far.
    package func shown() -> String {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = read(master, &buffer, buffer.count)
            guard count > 0 else { return text }
            text += String(decoding: buffer[..<count], as: UTF8.self)
        }
    }

    /// Takes what was typed and no program has read: whole lines. For when no program runs there.
    package func unreadLines() -> String {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = read(slave, &buffer, buffer.count)
        return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    }
}
