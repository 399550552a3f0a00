/// An answer as it is to go out, before a fault spoils the way.
struct Answer: Equatable, Sendable {
    var status: Int
    var contentType = "application/json"
    var headers: [Header] = []
    var body: [UInt8]

    /// One header field.
    struct Header: Equatable, Sendable {
        var name: String
        var value: String
    }

    /// A JSON answer.
    init(_ status: Int, _ json: JSONValue) {
        self.status = status
        body = json.serialized
    }

    /// An answer of another type.
    init(_ status: Int, contentType: String, text: String) {
        self.status = status
        self.contentType = contentType
        body = Array(text.utf8)
    }
}

extension Answer {
    /// 401 in the API's own shape.
    static func unauthorized(_ message: String) -> Answer {
        Answer(401, ["message": .string(message), "statusCode": .integer(401)])
    }

    /// An answer of the gateway, which writes the same two members the other way round.
    static func gateway(_ status: Int, _ message: String) -> Answer {
        Answer(status, ["statusCode": .integer(status), "message": .string(message)])
    }

    /// 403: the call volume of the key is used up.
    static let quota = gateway(403, "Out of call volume quota. Quota will be replenished in 01:00:00.")

    /// 403: the key is not yet activated.
    static let pendingKey = gateway(403, "The subscription of this key is not yet activated.")

    /// 429 with the seconds that `Retry-After` also tells.
    static func throttled(_ seconds: Double) -> Answer {
        gateway(429, "Rate limit is exceeded. Try again in \(JSONValue.text(of: max(0, seconds))) seconds.")
    }

    /// 422: what is wrong with the body, and where.
    static func malformed(_ defects: [BodyDefect]) -> Answer {
        Answer(
            422,
            [
                "detail": .array(
                    defects.map {
                        [
                            "loc": .array($0.location.map(JSONValue.string)),
                            "msg": .string($0.message),
                            "type": .string($0.type),
                        ]
                    }
                )
            ]
        )
    }

    /// A page of HTML, as a gateway gives for errors of its own.
    static func html(_ status: Int) -> Answer {
        Answer(
            status,
            contentType: "text/html; charset=utf-8",
            text: "<html><head><title>\(status)</title></head><body><h1>\(status)</h1><hr>gateway</body></html>\n"
        )
    }

    /// A standard answer for a status that a fault asks for.
    static func standard(_ status: Int, retryAfter: Double?) -> Answer {
        switch status {
        case 401: unauthorized("Unauthorized")
        case 403: quota
        case 422: malformed([BodyDefect("field required", "value_error.missing", at: "token")])
        case 429: throttled(retryAfter ?? 7)
        case 500...: html(status)
        case ..<400: Answer(status, ["message": .string("status \(status)")])
        default: Answer(status, ["message": .string("status \(status)"), "statusCode": .integer(status)])
        }
    }
}
