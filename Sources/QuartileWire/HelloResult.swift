/// The result of `hello`.
public struct HelloResult: Sendable, Hashable {
    /// The version of the protocol that this package speaks.
    public static let protocolVersion: Int64 = 1

    /// `quartiled`.
    public var server: String
    /// The daemon's version.
    public var version: String
    /// The protocol's version.
    public var protocolVersion: Int64
    /// The daemon's process.
    public var pid: Int64

    /// Makes a result.
    public init(
        server: String = "quartiled",
        version: String,
        protocolVersion: Int64 = protocolVersion,
        pid: Int64
    ) {
        self.server = server
        self.version = version
        self.protocolVersion = protocolVersion
        self.pid = pid
    }

    /// The result as JSON.
    public var json: JSON {
        [
            "server": .string(server), "version": .string(version), "protocol": .integer(protocolVersion),
            "pid": .integer(pid),
        ]
    }

    /// Reads a result.
    public init(json: JSON) throws(ProtocolViolation) {
        let reader = try ResultReader(json, of: "a greeting")
        self.init(
            server: try reader.string("server"),
            version: try reader.string("version"),
            protocolVersion: try reader.integer("protocol"),
            pid: try reader.integer("pid")
        )
    }
}
