import Glibc

/// Where the configuration is read from.
package struct ConfigurationFile: Sendable, Hashable {
    /// The largest file that is read, 1 MiB: a configuration has some dozen lines, and what is larger is another file.
    static let maximumByteCount = 1_048_576

    /// Its path.
    package var path: String
    /// Whether somebody named it: then it must be there.
    package var isNamed: Bool

    /// A file as given.
    package init(path: String, isNamed: Bool) {
        self.path = path
        self.isNamed = isNamed
    }

    /// The file's text, or nil if it is absent and nobody named it.
    func read() throws(ConfigurationError) -> String? {
        // Not blocking: a FIFO would wait for a writer.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            let error = Errno.last
            if !isNamed, [ENOENT, ENOTDIR].contains(error.code) { return nil }
            throw ConfigurationError("\(path): the configuration file can't be read: \(error)")
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else {
            throw ConfigurationError("\(path): the configuration file can't be read: \(Errno.last)")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw ConfigurationError("\(path): the configuration must be a regular file, in YAML")
        }
        let bytes = try contents(of: file)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError("\(path): the configuration file must be UTF-8 text, in YAML")
        }
        return text
    }

    private func contents(of file: CInt) throws(ConfigurationError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(file, &chunk, chunk.count)
            guard count >= 0 else {
                if errno == EINTR { continue }
                throw ConfigurationError("\(path): the configuration file can't be read: \(Errno.last)")
            }
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= ConfigurationFile.maximumByteCount else {
                throw ConfigurationError("\(path): the configuration file is larger than 1 MiB; is it the right one?")
            }
        }
    }
}
