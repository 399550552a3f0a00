internal import Glibc
internal import QuartileWire

/// Files with secrets that the command line names.
enum InputFile {
    /// More than this can't be sent to the daemon in one line anyway.
    static let maximumLength = LineFramer.maximumLineLength

    /// The whole content of a file, or of standard input for `-`. Whoever takes it wipes it.
    static func read(_ path: String, _ what: String) throws(Failure) -> [UInt8] {
        func failure(_ why: String) -> Failure { .usage("the \(what) \(name(path)) \(why)") }
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("can't be opened: \(String(cString: strerror(errno)))") }
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }
        // Room for all of it at once: growing would leave copies behind.
        var content: [UInt8] = []
        content.reserveCapacity(2 * maximumLength)
        var buffer = [UInt8](repeating: 0, count: 16_384)
        defer { buffer.wipe() }
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count > 0 {
                content += buffer[..<count]
                guard content.count <= maximumLength else { throw failure("is longer than \(maximumLength) bytes") }
            } else if count == 0 {
                return content
            } else if errno != EINTR {
                throw failure("can't be read: \(String(cString: strerror(errno)))")
            }
        }
    }

    /// What to call it: `file PATH`, or standard input.
    static func name(_ path: String) -> String {
        path == "-" ? "on standard input" : "file \(SecretArgument.path(path))"
    }
}
