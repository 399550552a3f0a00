/// The answer to a request (JSON-RPC 2.0, section 5).
public struct Response: Sendable, Hashable {
    /// The request's id; `null` where it could not be told.
    public var id: RequestID
    /// What the method gave, or why it failed.
    public var outcome: Result<JSON, WireError>

    /// Makes an answer.
    public init(id: RequestID, outcome: Result<JSON, WireError>) {
        self.id = id
        self.outcome = outcome
    }

    /// Makes the answer of a method that succeeded.
    public init(id: RequestID, result: JSON) {
        self.init(id: id, outcome: .success(result))
    }

    /// Makes the answer of a method that failed.
    public init(id: RequestID, error: WireError) {
        self.init(id: id, outcome: .failure(error))
    }

    /// The answer to a line that is too long, after which the connection is of no more use.
    public static let overlongLine = Response(
        id: .null,
        error: WireError(.parseError, "the line is longer than \(LineFramer.maximumLineLength) bytes")
    )

    /// The answer as JSON text.
    public var bytes: [UInt8] {
        switch outcome {
        case .success(let result): Response.bytes(id: id, result: result)
        case .failure(let error): Response.bytes(id: id, error: error)
        }
    }

    /// The answer as a line, its `\n` included.
    public var line: [UInt8] { bytes + CollectionOfOne(ASCII.newline) }

    /// The answer of a method that succeeded as JSON text, with a result that need not be a tree of ``JSON``.
    public static func bytes(id: RequestID, result: some JSONWritable) -> [UInt8] {
        bytes(id: id, member: #","result":"#) { result.write(to: &$0) }
    }

    /// The answer of a method that failed as JSON text.
    public static func bytes(id: RequestID, error: WireError) -> [UInt8] {
        bytes(id: id, member: #","error":"#) { error.json.write(to: &$0) }
    }

    private static func bytes(id: RequestID, member: StaticString, write: (inout [UInt8]) -> Void) -> [UInt8] {
        var output: [UInt8] = []
        // An error has more, and a token asks for what it takes: answers to a batch are kept until the last one is there.
        output.reserveCapacity(64)
        output.append(#"{"jsonrpc":"2.0","id":"#)
        id.json.write(to: &output)
        output.append(member)
        write(&output)
        output.append(ASCII.rightBrace)
        return output
    }

    /// Reads an answer. An error code that this version does not know is a ``ProtocolViolation`` with its message.
    public init(json: JSON) throws(ProtocolViolation) {
        let reader = try ResultReader(json, of: "an answer")
        guard try reader.string("jsonrpc") == "2.0" else { throw ProtocolViolation("`jsonrpc` is not \"2.0\"") }
        guard let id = RequestID(json: try reader.value("id")) else { throw ProtocolViolation("`id` can't be one") }
        let error = reader.optionalValue("error")
        switch (reader.object["result"], error) {
        case (let result?, nil): self.init(id: id, result: result)
        case (nil, let error?): self.init(id: id, error: try WireError(json: error))
        case (nil, nil), (_?, _?): throw ProtocolViolation("an answer must hold either `result` or `error`")
        }
    }
}

extension Response: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Whether it is a result or an error, without the result, which may be secret.
    public var description: String {
        switch outcome {
        case .success: "<response: result>"
        case .failure(let error): "<response: \(error.code.name)>"
        }
    }
    /// As ``description``.
    public var debugDescription: String { description }
    /// Nothing: the result may be secret.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
