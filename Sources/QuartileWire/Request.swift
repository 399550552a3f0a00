/// One call of a method (JSON-RPC 2.0, section 4).
public struct Request: Sendable, Hashable {
    /// What the answer repeats. Nil is a notification: it is carried out and not answered. `"id": null` is answered.
    public var id: RequestID?
    /// The method as it was named, known or not.
    public var method: String
    /// An object, an array (positional, which no method takes), or nil if there are none.
    ///
    /// Not checked here: an unknown method comes before a wrong parameter. Each method's params type checks its own.
    public var params: JSON?

    /// Makes a request.
    public init(id: RequestID?, method: String, params: JSON? = nil) {
        self.id = id
        self.method = method
        self.params = params
    }

    /// Makes a request for a method of the protocol.
    public init(id: RequestID?, _ method: Method, params: JSON? = nil) {
        self.init(id: id, method: method.rawValue, params: params)
    }

    /// The method, or `method_not_found` where the protocol has none of this name.
    public func knownMethod() throws(WireError) -> Method {
        guard let known = Method(rawValue: method) else {
            let message = "there is no method of this name; the daemon may be older than its client"
            throw WireError(.methodNotFound, message)
        }
        return known
    }

    /// The request as JSON.
    public var json: JSON {
        var object = JSON.Object([.init("jsonrpc", "2.0")])
        if let id { object.append("id", id.json) }
        object.append("method", .string(method))
        if let params { object.append("params", params) }
        return .object(object)
    }

    /// The request as a line, its `\n` included.
    public var line: [UInt8] { json.line }
}

extension Request {
    /// Reads one element of a message by the checks of JSON-RPC 2.0, section 4.
    ///
    /// A request that is not one is `invalid_request`; the answer has its id where that is sound, else `null`.
    /// `"params": null` is taken as none, since many clients write it so.
    static func decode(_ json: JSON) -> Message.Entry {
        guard let object = json.object else {
            return .rejected(invalid(.null, "a request must be a JSON object, and this is a JSON \(json.kind)"))
        }
        var id: RequestID?
        if let given = object["id"] {
            id = RequestID(json: given)
            guard id != nil else { return .rejected(invalid(.null, "`id` must be a string, a number or null")) }
        }
        guard object["jsonrpc"] == "2.0" else {
            return .rejected(invalid(id, "`jsonrpc` must be there and be \"2.0\""))
        }
        guard let method = object["method"]?.string else {
            return .rejected(invalid(id, "`method` must be there and be a string"))
        }
        switch object["params"] {
        case nil, .null?: return .request(Request(id: id, method: method))
        case .object?, .array?: return .request(Request(id: id, method: method, params: object["params"]))
        case .bool?, .number?, .string?: return .rejected(invalid(id, "`params` must be an object"))
        }
    }

    private static func invalid(_ id: RequestID?, _ message: String) -> Response {
        Response(id: id ?? .null, error: WireError(.invalidRequest, message))
    }
}

extension Request: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The method's name, without the parameters, which may be secret.
    public var description: String { "<request \(method)>" }
    /// As ``description``.
    public var debugDescription: String { description }
    /// Nothing: the parameters may be secret.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
