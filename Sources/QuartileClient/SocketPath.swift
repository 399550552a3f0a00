internal import Glibc

/// Where the daemon's socket is, and who said so.
public struct SocketPath: Sendable, Hashable {
    /// How a path was found.
    public enum Origin: Sendable, Hashable {
        /// It was given, by an option for example.
        case given
        /// The environment variable `QUARTILED_SOCKET`.
        case environment
        /// The user's own runtime directory.
        case runtimeDirectory
        /// A daemon that users share: ``SocketPath/shared``.
        case shared
    }

    /// The longest path in bytes: `sun_path` has 108, and one of them ends it (unix(7)).
    public static let maximumLength = 107
    /// The socket of a daemon that users share.
    public static let shared = "/run/quartiled/quartiled.sock"

    /// The path, at most ``maximumLength`` bytes and not empty.
    public let path: String
    /// How it was found.
    public let origin: Origin

    /// Checks a path's length.
    public init(_ path: String, origin: Origin = .given) throws(ClientError) {
        guard !path.isEmpty else { throw .emptySocketPath }
        guard path.utf8.count <= Self.maximumLength else { throw .socketPathTooLong(path, origin) }
        self.path = path
        self.origin = origin
    }
}

/// The rule by which a client finds the daemon's socket. The first that applies:
///
/// 1. the path given,
/// 2. `QUARTILED_SOCKET`,
/// 3. `quartiled/quartiled.sock` in `XDG_RUNTIME_DIR`, or without that variable in `/run/user/UID`, if that directory is
///    there and ours,
/// 4. ``SocketPath/shared``, if nothing is at 3 and something is there.
///
/// A variable that is empty counts as unset, and so does an `XDG_RUNTIME_DIR` that is not absolute (XDG Base Directory
/// Specification). The rule itself looks at nothing; what it needs to know is handed to it.
public struct SocketPathRule {
    /// Gives a variable of the environment.
    public var environment: (_ name: String) -> String?
    /// The user who asks.
    public var userID: UInt32
    /// Tells whether anything is at a path.
    public var exists: (_ path: String) -> Bool
    /// Gives the owner of the directory at a path, or nil if there is none.
    public var directoryOwner: (_ path: String) -> UInt32?

    /// Makes a rule that knows the world by these answers.
    public init(
        environment: @escaping (_ name: String) -> String?,
        userID: UInt32,
        exists: @escaping (_ path: String) -> Bool,
        directoryOwner: @escaping (_ path: String) -> UInt32?
    ) {
        self.environment = environment
        self.userID = userID
        self.exists = exists
        self.directoryOwner = directoryOwner
    }

    /// Finds the path. Throws if it is too long, if the one given is empty, or if no rule applies.
    public func find(given: String? = nil) throws(ClientError) -> SocketPath {
        if let given { return try SocketPath(given, origin: .given) }
        if let path = variable("QUARTILED_SOCKET") { return try SocketPath(path, origin: .environment) }
        let own = runtimeDirectory().map { $0 + "/quartiled/quartiled.sock" }
        if exists(SocketPath.shared), own.map({ !exists($0) }) ?? true {
            return try SocketPath(SocketPath.shared, origin: .shared)
        }
        guard let own else { throw .noSocketPath }
        return try SocketPath(own, origin: .runtimeDirectory)
    }

    private func variable(_ name: String) -> String? {
        environment(name).flatMap { $0.isEmpty ? nil : $0 }
    }

    private func runtimeDirectory() -> String? {
        if let directory = variable("XDG_RUNTIME_DIR"), directory.hasPrefix("/") { return directory }
        let directory = "/run/user/\(userID)"
        return directoryOwner(directory) == userID ? directory : nil
    }
}

extension SocketPathRule {
    /// The rule for this process.
    public static var process: SocketPathRule {
        SocketPathRule(
            environment: { name in getenv(name).map { String(cString: $0) } },
            userID: getuid(),
            // Who may not look whether the shared one is there is told so by connecting to it.
            exists: { path in access(path, F_OK) == 0 || (errno == EACCES && path == SocketPath.shared) },
            directoryOwner: { path in
                var status = stat()
                guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
                return status.st_uid
            }
        )
    }
}
