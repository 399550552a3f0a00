/// A message that is not answered (JSON-RPC 2.0, section 4.1), from the daemon to a client.
public struct Notification: Sendable, Hashable {
    /// What it tells.
    public var method: String
    /// The particulars, or nil if there are none.
    public var params: JSON?

    /// Makes a notification.
    public init(method: String, params: JSON? = nil) {
        self.method = method
        self.params = params
    }

    /// The notification as JSON.
    public var json: JSON { Request(id: nil, method: method, params: params).json }

    /// The notification as a line, its `\n` included.
    public var line: [UInt8] { json.line }

    /// Reads a notification.
    public init(json: JSON) throws(ProtocolViolation) {
        let reader = try ResultReader(json, of: "a notification")
        guard try reader.string("jsonrpc") == "2.0" else { throw ProtocolViolation("`jsonrpc` is not \"2.0\"") }
        self.init(method: try reader.string("method"), params: reader.optionalValue("params"))
    }
}
