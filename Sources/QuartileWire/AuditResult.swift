/// The result of `audit`: who asked for what, the newest first.
public struct AuditResult: Sendable, Hashable {
    /// One entry, or several calls of the same kind in one.
    public struct Entry: Sendable, Hashable {
        /// When it was answered, in seconds since 1970; the last time where there were several.
        public var time: Int64
        /// How many calls it stands for.
        public var count: Int64
        /// The process that asked; the last one.
        public var pid: Int64
        /// Its user.
        public var uid: Int64
        /// Its program's file; nil where it could not be read.
        public var executable: String?
        /// Its systemd unit; nil where there is none or it could not be read.
        public var unit: String?
        /// The account; nil where none was named, or none that is there.
        public var account: String?
        /// The method.
        public var method: String
        /// `ok`, or the name of the error that was answered.
        public var outcome: String

        /// Makes an entry.
        public init(
            time: Int64,
            count: Int64,
            pid: Int64,
            uid: Int64,
            executable: String?,
            unit: String?,
            account: String?,
            method: String,
            outcome: String
        ) {
            self.time = time
            self.count = count
            self.pid = pid
            self.uid = uid
            self.executable = executable
            self.unit = unit
            self.account = account
            self.method = method
            self.outcome = outcome
        }
    }

    /// The entries.
    public var entries: [Entry]

    /// Makes a result.
    public init(entries: [Entry]) {
        self.entries = entries
    }

    /// The result as JSON.
    public var json: JSON {
        ["entries": .array(entries.map(\.json))]
    }

    /// Reads a result.
    public init(json: JSON) throws(ProtocolViolation) {
        entries = try ResultReader(json, of: "an audit").array("entries").map { json throws(ProtocolViolation) in
            try Entry(json: json)
        }
    }
}

extension AuditResult.Entry {
    /// The entry as JSON.
    var json: JSON {
        [
            "time": .time(time), "count": .integer(count), "pid": .integer(pid), "uid": .integer(uid),
            "executable": executable.map(JSON.string) ?? .null, "unit": unit.map(JSON.string) ?? .null,
            "account": account.map(JSON.string) ?? .null, "method": .string(method), "outcome": .string(outcome),
        ]
    }

    /// Reads an entry.
    init(json: JSON) throws(ProtocolViolation) {
        let reader = try ResultReader(json, of: "an audit's entry")
        self.init(
            time: try reader.time("time"),
            count: try reader.integer("count"),
            pid: try reader.integer("pid"),
            uid: try reader.integer("uid"),
            executable: try reader.optionalString("executable"),
            unit: try reader.optionalString("unit"),
            account: try reader.optionalString("account"),
            method: try reader.string("method"),
            outcome: try reader.string("outcome")
        )
    }
}
