package import Glibc

/// Where the daemon's files are, by flag, environment and the XDG Base Directory Specification.
///
/// A variable that is empty counts as one that is not set, and so does a directory variable of that specification that
/// holds a relative path. Flags and `QUARTILED_…` variables may be relative.
package struct PathRules: Sendable {
    /// The longest path of a Unix socket in bytes: `sun_path` holds 108 with the zero at the end (unix(7)).
    package static let maximumSocketPathLength = 107

    /// The variables of ours that hold paths.
    static let variables = ["QUARTILED_SOCKET", "QUARTILED_DATABASE", "QUARTILED_CONFIG", "QUARTILED_KEY_FILE"]

    private let environment: [String: String]
    private let uid: uid_t
    private let system: any PathSystem

    /// Rules for a process with this environment that runs as `uid`.
    package init(environment: [String: String], uid: uid_t = geteuid(), system: any PathSystem = HostPathSystem()) {
        self.environment = environment
        self.uid = uid
        self.system = system
    }

    /// The socket's path.
    package func socket(flag: String?) throws(PathError) -> String {
        let path: String
        if let given = given(flag, "QUARTILED_SOCKET") { path = given } else { path = try standardSocket() }
        guard path.utf8.count <= PathRules.maximumSocketPathLength else {
            throw PathError(
                """
                the socket path \(path) has \(path.utf8.count) bytes and may have \
                \(PathRules.maximumSocketPathLength); name a shorter one with --socket or QUARTILED_SOCKET
                """
            )
        }
        return path
    }

    /// The database's path.
    package func database(flag: String?) throws(PathError) -> String {
        if let path = given(flag, "QUARTILED_DATABASE") { return path }
        return try home("XDG_STATE_HOME", ".local/state", remedy: "--database or QUARTILED_DATABASE") + "/quartiled.db"
    }

    /// The configuration's file.
    package func configuration(flag: String?) throws(PathError) -> ConfigurationFile {
        if let path = given(flag, "QUARTILED_CONFIG") { return ConfigurationFile(path: path, isNamed: true) }
        let directory = try home("XDG_CONFIG_HOME", ".config", remedy: "--config or QUARTILED_CONFIG")
        return ConfigurationFile(path: directory + "/config.yaml", isNamed: false)
    }

    /// The key file's path.
    package func keyFile() throws(PathError) -> String {
        if let path = given(nil, "QUARTILED_KEY_FILE") { return path }
        return try home("XDG_DATA_HOME", ".local/share", remedy: "QUARTILED_KEY_FILE") + "/key"
    }

    private func given(_ flag: String?, _ variable: String) -> String? {
        if let flag, !flag.isEmpty { return flag }
        return value(variable)
    }

    private func value(_ variable: String) -> String? {
        environment[variable].flatMap { $0.isEmpty ? nil : $0 }
    }

    private func directory(_ variable: String) -> String? {
        value(variable).flatMap { $0.hasPrefix("/") ? withoutSlashAtEnd($0) : nil }
    }

    private func standardSocket() throws(PathError) -> String {
        if let runtime = directory("XDG_RUNTIME_DIR") { return runtime + "/quartiled/quartiled.sock" }
        // Programs started by cron, and by sudo or su, have no XDG_RUNTIME_DIR.
        let runtime = "/run/user/\(uid)"
        guard system.owner(ofDirectory: runtime) == uid else {
            throw PathError(
                """
                there is no place for the socket: XDG_RUNTIME_DIR is not set and \(runtime) is not there; name a \
                path with --socket or QUARTILED_SOCKET, or let the user linger: loginctl enable-linger
                """
            )
        }
        return runtime + "/quartiled/quartiled.sock"
    }

    /// Our own directory in one of the base directories.
    private func home(_ variable: String, _ fallback: String, remedy: String) throws(PathError) -> String {
        if let base = directory(variable) { return base + "/quartiled" }
        guard let home = directory("HOME") ?? system.home(of: uid).flatMap({ $0.hasPrefix("/") ? $0 : nil }) else {
            throw PathError("there is no home directory: set HOME or \(variable), or name a path with \(remedy)")
        }
        return withoutSlashAtEnd(home) + "/\(fallback)/quartiled"
    }

    private func withoutSlashAtEnd(_ path: String) -> String {
        path.hasSuffix("/") ? String(path.dropLast()) : path
    }
}

/// Why there is no path to use, and what to do: one line for people.
package struct PathError: Error, Hashable, CustomStringConvertible {
    /// The line.
    package var message: String
    package var description: String { message }

    /// An error with this line.
    package init(_ message: String) {
        self.message = message
    }
}

/// What ``PathRules`` asks of the machine.
package protocol PathSystem: Sendable {
    /// Who owns the directory at `path`; nil if there is none.
    func owner(ofDirectory path: String) -> uid_t?
    /// The home directory that the user database has for `uid`.
    func home(of uid: uid_t) -> String?
}

/// The machine itself.
package struct HostPathSystem: PathSystem {
    /// The machine.
    package init() {}

    package func owner(ofDirectory path: String) -> uid_t? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
        return status.st_uid
    }

    package func home(of uid: uid_t) -> String? {
        // Longer than any entry of five short fields: getpwuid_r(3) suggests 1 KiB.
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { buffer in
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            guard let start = buffer.baseAddress,
                getpwuid_r(uid, &entry, start, buffer.count, &found) == 0, found != nil
            else {
                return nil
            }
            return entry.pw_dir.map { String(cString: $0) }
        }
    }
}
