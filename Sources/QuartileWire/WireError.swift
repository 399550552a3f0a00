/// An error as it travels: a code, a sentence that a user can act on, and what a program may want to know.
public struct WireError: Error, Hashable {
    /// Which error it is.
    public var code: ErrorCode
    /// One sentence for people. Never holds a secret.
    public var message: String
    /// Further members of `data`, after `code`: `retry_at` for example.
    public var details: JSON.Object

    /// Makes an error.
    public init(_ code: ErrorCode, _ message: String, details: JSON.Object = JSON.Object()) {
        self.code = code
        self.message = message
        self.details = details
    }

    /// Makes an `invalid_params` about one parameter: `what` is a clause that follows its name.
    public init(parameter: String, _ what: String) {
        self.init(
            .invalidParams,
            "`\(parameter)` \(what)",
            details: JSON.Object([.init("parameter", .string(parameter))])
        )
    }

    /// Makes an error that says when trying again may help, in seconds since 1970.
    public init(_ code: ErrorCode, _ message: String, retryAt: Int64?) {
        self.init(code, message)
        if let retryAt { details.append("retry_at", .string(WireTime.format(epochSeconds: retryAt))) }
    }

    /// When trying again may help, in seconds since 1970, where the error says so.
    public var retryAt: Int64? {
        details["retry_at"]?.string.flatMap(WireTime.init)?.epochSeconds
    }

    /// The error as JSON: `{code, message, data: {code, …}}`.
    public var json: JSON {
        let data = JSON.Object([.init("code", .string(code.name))] + details.members)
        return ["code": .integer(code.number), "message": .string(message), "data": .object(data)]
    }

    /// Reads an error. A number that the protocol does not have is a ``ProtocolViolation`` with the error's message.
    public init(json: JSON) throws(ProtocolViolation) {
        let reader = try ResultReader(json, of: "an error")
        let message = try reader.string("message")
        let number = try reader.integer("code")
        guard let code = ErrorCode(number: number) else {
            throw ProtocolViolation("an error that this version does not know (\(number)): \(message)")
        }
        let data = reader.optionalValue("data")?.object ?? JSON.Object()
        self.init(code, message, details: JSON.Object(data.members.filter { $0.name != "code" }))
    }
}

extension WireError: CustomStringConvertible {
    /// The code's name and the sentence.
    public var description: String { "\(code.name): \(message)" }
}
