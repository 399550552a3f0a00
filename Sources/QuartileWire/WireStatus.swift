/// The result of `status`.
public struct WireStatus: Sendable, Hashable {
    /// How the daemon is.
    public enum State: String, Sendable, CaseIterable {
        /// It serves.
        case ready
        /// It serves from memory; the database can't be written.
        case storageFailed = "storage_failed"
        /// It finishes what is under way and ends.
        case stopping
    }

    /// Where the key that seals the secrets comes from, and what that is good for.
    public struct Key: Sendable, Hashable {
        /// The source, such as `key file`.
        public var source: String
        /// What it protects, as a clause for people.
        public var protects: String

        /// What the user should do about it: sentences. Nil where all is well.
        public var advice: String?

        /// Makes a key's description.
        public init(source: String, protects: String, advice: String? = nil) {
            self.source = source
            self.protects = protects
            self.advice = advice
        }
    }

    /// The daemon's version.
    public var version: String
    /// The daemon's process.
    public var pid: Int64
    /// For how many whole seconds it has been running.
    public var uptime: Int64
    /// How it is.
    public var state: State
    /// The accounts that the caller may see, or the one asked for.
    public var accounts: [WireAccount]
    /// The key; nil if the daemon does not tell.
    public var key: Key?

    /// Makes a status.
    public init(
        version: String,
        pid: Int64,
        uptime: Int64,
        state: State,
        accounts: [WireAccount],
        key: Key? = nil
    ) {
        self.version = version
        self.pid = pid
        self.uptime = uptime
        self.state = state
        self.accounts = accounts
        self.key = key
    }

    /// The status as JSON.
    public var json: JSON {
        var object = JSON.Object([
            .init("version", .string(version)),
            .init("pid", .integer(pid)),
            .init("uptime", .integer(uptime)),
            .init("state", .string(state.rawValue)),
            .init("accounts", .array(accounts.map(\.json))),
        ])
        if let key {
            object.append(
                "key",
                [
                    "source": .string(key.source), "protects": .string(key.protects),
                    "advice": key.advice.map(JSON.string) ?? .null,
                ]
            )
        }
        return .object(object)
    }

    /// Reads a status.
    public init(json: JSON) throws(ProtocolViolation) {
        let reader = try ResultReader(json, of: "a status")
        self.init(
            version: try reader.string("version"),
            pid: try reader.integer("pid"),
            uptime: try reader.integer("uptime"),
            state: try reader.word("state"),
            accounts: try WireAccount.list(try reader.array("accounts"))
        )
        if let key = reader.optionalValue("key") {
            let reader = try ResultReader(key, of: "a key")
            self.key = Key(source: try reader.string("source"), protects: try reader.string("protects"))
            self.key?.advice = try reader.optionalString("advice")
        }
    }
}
