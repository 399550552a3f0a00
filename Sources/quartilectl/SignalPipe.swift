internal import Glibc

/// Where the handler writes the numbers of signals.
///
/// Unsafe only in name: it is an aligned 32-bit value, written by the one thread of this program before a handler is set
/// that reads it and after all are gone again.
private nonisolated(unsafe) var handlerDescriptor: Int32 = -1

/// Catches the signals that would leave a terminal without echo, as long as it lives.
///
/// A handler may do next to nothing (signal-safety(7)), so it writes the signal's number to a pipe, which poll(2) waits
/// for beside the terminal: none is missed between a check and a wait.
struct SignalPipe: ~Copyable {
    /// Readable when a signal came.
    let descriptor: Int32
    private let writer: Int32
    private var former: [(number: Int32, action: sigaction)] = []

    /// Catches the signals, but those that the program was started to ignore.
    init() throws(Failure) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw Failure("pipe failed: \(String(cString: strerror(errno)))", exitCode: ExitStatus.software)
        }
        (descriptor, writer) = (ends[0], ends[1])
        for end in ends {
            // Can't fail for descriptors that are open.
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        handlerDescriptor = writer
        for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP] {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { number in
                let saved = errno
                var byte = UInt8(truncatingIfNeeded: number)
                _ = write(handlerDescriptor, &byte, 1)
                errno = saved
            }
            var old = sigaction()
            sigaction(number, nil, &old)
            let isIgnored = unsafeBitCast(old.__sigaction_handler.sa_handler, to: Int.self) == Self.ignored
            guard !isIgnored, sigaction(number, &action, nil) == 0 else { continue }
            former.append((number, old))
        }
    }

    /// `SIG_IGN` as a number (signal.h).
    private static let ignored = 1

    deinit {
        for (number, action) in former {
            var action = action
            sigaction(number, &action, nil)
        }
        handlerDescriptor = -1
        close(descriptor)
        close(writer)
    }

    /// The number of a signal that came, if there is one.
    borrowing func next() -> Int32? {
        var byte: UInt8 = 0
        return read(descriptor, &byte, 1) == 1 ? Int32(byte) : nil
    }
}
