/// What is wrong with one member of a request's body.
struct BodyDefect: Equatable, Sendable {
    var location: [String]
    var message: String
    var type: String

    init(_ message: String, _ type: String, at member: String? = nil) {
        location = ["body"] + (member.map { [$0] } ?? [])
        self.message = message
        self.type = type
    }
}

/// A request to the API, taken apart but not yet judged.
struct AuthRequest: Sendable {
    /// What the body holds.
    enum Content: Equatable, Sendable {
        case credentials(username: String, password: String)
        case token(String)
        case none
        case malformed([BodyDefect])
    }

    /// Nil for a path that the API does not have.
    let endpoint: Endpoint?
    /// Method and path, for the log.
    let line: String
    let subscriptionKey: String?
    let content: Content
    /// The token in `Authorization: Bearer`.
    let bearer: String?

    init(endpoint: Endpoint?, line: String, subscriptionKey: String?, content: Content, bearer: String? = nil) {
        self.endpoint = endpoint
        self.line = line
        self.subscriptionKey = subscriptionKey
        self.content = content
        self.bearer = bearer
    }

    /// The access token that a validation is about: the header's, else the body's.
    var accessToken: String? {
        if let bearer { return bearer }
        guard case .token(let token) = content else { return nil }
        return token
    }

    /// Reads the body of a POST. Anything but `application/json` is malformed, as it is for the real framework.
    static func content(of endpoint: Endpoint, body: some Collection<UInt8>, contentType: String?) -> Content {
        let mediaType = contentType?.split(separator: ";").first.map { $0.lowercased() }
        let names = endpoint.call == .login ? ["username", "password"] : [endpoint.tokenField]
        if endpoint.call == .validate && body.isEmpty { return .none }
        guard mediaType == "application/json" else {
            return .malformed([BodyDefect("value is not a valid dict", "type_error.dict")])
        }
        // Why the text is not JSON is not part of the answer.
        guard let json = try? JSONValue(parsing: body) else {
            return .malformed([BodyDefect("invalid JSON", "value_error.jsondecode")])
        }
        guard case .object = json else {
            return .malformed([BodyDefect("value is not a valid dict", "type_error.dict")])
        }
        let values = names.map { json[$0] }
        let defects = zip(names, values).compactMap { name, value -> BodyDefect? in
            switch value {
            case .string: nil
            case nil: BodyDefect("field required", "value_error.missing", at: name)
            default: BodyDefect("str type expected", "type_error.str", at: name)
            }
        }
        // A validation may carry its token in the header alone.
        if endpoint.call == .validate && values[0] == nil { return .none }
        guard defects.isEmpty else { return .malformed(defects) }
        let texts = values.compactMap { $0?.text }
        return endpoint.call == .login
            ? .credentials(username: texts[0], password: texts[1]) : .token(texts[0])
    }
}
