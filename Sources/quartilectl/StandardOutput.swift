internal import Glibc

/// Where results go. Each command writes once, when it has everything, so that a failure leaves nothing behind.
enum StandardOutput {
    /// Writes all of it. A reader that is gone or a disk that is full is an error.
    static func write(_ text: String) throws(Failure) {
        var text = text
        try check(text.withUTF8 { FileDescriptor.write(UnsafeRawBufferPointer($0), to: STDOUT_FILENO) })
    }

    /// The same for bytes.
    static func write(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        try check(FileDescriptor.write(bytes, to: STDOUT_FILENO))
    }

    private static func check(_ number: Int32?) throws(Failure) {
        guard let number else { return }
        let reason = String(cString: strerror(number))
        throw Failure("can't write to standard output: \(reason)", exitCode: ExitStatus.inputOutput)
    }
}

/// Where the one line of a failure goes.
enum StandardError {
    static func write(_ line: String) {
        var line = line
        // Where standard error can't be written there is nobody to tell; the exit code still does.
        _ = line.withUTF8 { FileDescriptor.write(UnsafeRawBufferPointer($0), to: STDERR_FILENO) }
    }
}

/// Whole writes.
enum FileDescriptor {
    /// Writes all bytes. The error number if that fails, else nil.
    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32? {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count >= 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                // Somebody made the other end non-blocking; it is waited for here instead.
                var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                guard Glibc.poll(&poll, 1, -1) >= 0 || errno == EINTR else { return errno }
            default: return errno
            }
        }
        return nil
    }
}
