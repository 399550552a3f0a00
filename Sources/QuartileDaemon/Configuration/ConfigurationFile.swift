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
        let bytes: [UInt8]
        do throws(RegularFile.Problem) {
            bytes = try RegularFile.read(path, atMost: ConfigurationFile.maximumByteCount)
        } catch {
            switch error {
            case .failed(let error):
                if !isNamed, [ENOENT, ENOTDIR].contains(error.code) { return nil }
                throw ConfigurationError("\(path): the configuration file can't be read: \(error)")
            case .notRegular: throw ConfigurationError("\(path): the configuration must be a regular file, in YAML")
            case .tooLarge:
                throw ConfigurationError("\(path): the configuration file is larger than 1 MiB; is it the right one?")
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError("\(path): the configuration file must be UTF-8 text, in YAML")
        }
        return text
    }
}
