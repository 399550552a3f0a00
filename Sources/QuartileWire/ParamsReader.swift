/// Takes a method's params apart; every failure is an `invalid_params` that names the parameter, never its value.
///
/// `null` is the same as leaving a parameter out, on both of which the rules for required and optional ones act.
struct ParamsReader {
    private let object: JSON.Object
    private let method: Method

    /// Checks that `params` is an object (or absent) with no parameter but those in `known`.
    init(_ params: JSON?, of method: Method, known: [String]) throws(WireError) {
        self.method = method
        switch params {
        case nil, .null?: object = JSON.Object()
        case .object(let given)?: object = given
        case .array?:
            throw WireError(.invalidParams, "\(method.rawValue) takes its parameters by name, in an object")
        case .bool?, .number?, .string?:
            throw WireError(.invalidParams, "the parameters of \(method.rawValue) must be an object")
        }
        for member in object.members where !known.contains(member.name) {
            let takes = "\(method.rawValue), which takes \(known.isEmpty ? "none" : known.joined(separator: ", "))"
            guard Self.isLikeAParameter(member.name) else {
                throw WireError(.invalidParams, "one of the parameters is none of \(takes)")
            }
            throw WireError(parameter: member.name, "is not a parameter of \(takes)")
        }
    }

    /// Whether a stranger's name may be repeated: something else may stand in its place, a secret too.
    private static func isLikeAParameter(_ name: String) -> Bool {
        (1..."subscription_key".utf8.count).contains(name.utf8.count)
            && name.utf8.allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: "_") }
    }

    private func value(_ name: String) -> JSON? {
        object[name].flatMap { $0.isNull ? nil : $0 }
    }

    private func required<Value>(_ name: String, _ value: Value?) throws(WireError) -> Value {
        guard let value else { throw WireError(parameter: name, "is missing; \(method.rawValue) needs it") }
        return value
    }

    // MARK: Parameters by kind

    func optionalString(_ name: String) throws(WireError) -> String? {
        guard let value = value(name) else { return nil }
        guard let string = value.string else { throw WireError(parameter: name, "must be a string") }
        guard !string.isEmpty else { throw WireError(parameter: name, "must not be empty") }
        return string
    }

    func string(_ name: String) throws(WireError) -> String {
        try required(name, try optionalString(name))
    }

    func optionalAccount() throws(WireError) -> String? {
        guard let name = try optionalString("account") else { return nil }
        guard AccountNameRule.isValid(name) else {
            throw WireError(parameter: "account", "must be \(AccountNameRule.words)")
        }
        return name
    }

    func account() throws(WireError) -> String {
        try required("account", try optionalAccount())
    }

    /// A subscription key, which becomes a header: what could end the header or start another one is refused.
    func optionalSubscriptionKey() throws(WireError) -> String? {
        guard let key = try optionalString("subscription_key") else { return nil }
        guard key.utf8.allSatisfy(ASCII.isVisible) else {
            throw WireError(parameter: "subscription_key", "must be letters and digits, without spaces or line breaks")
        }
        return key
    }

    func subscriptionKey() throws(WireError) -> String {
        try required("subscription_key", try optionalSubscriptionKey())
    }

    func optionalBool(_ name: String) throws(WireError) -> Bool? {
        guard let value = value(name) else { return nil }
        guard let bool = value.bool else { throw WireError(parameter: name, "must be true or false") }
        return bool
    }

    /// Seconds from 0 up. More than `limit` means as much as `limit`.
    func optionalSeconds(_ name: String, limit: Double) throws(WireError) -> Double? {
        guard let value = value(name) else { return nil }
        guard let seconds = value.double, seconds >= 0 else {
            throw WireError(parameter: name, "must be a number of seconds, 0 or more")
        }
        return min(seconds, limit)
    }

    func optionalInteger(_ name: String, from least: Int64) throws(WireError) -> Int64? {
        guard let value = value(name) else { return nil }
        guard let integer = value.int64, integer >= least else {
            throw WireError(parameter: name, "must be a whole number, \(least) or more")
        }
        return integer
    }

    func optionalAPIVersion() throws(WireError) -> WireAPIVersion? {
        guard let word = try optionalString("api_version") else { return nil }
        guard let version = WireAPIVersion(rawValue: word) else {
            throw WireError(parameter: "api_version", "must be v1, v2 or v3")
        }
        return version
    }

    func objectValue(_ name: String) throws(WireError) -> JSON {
        let value = try required(name, value(name))
        guard value.object != nil else { throw WireError(parameter: name, "must be an object") }
        return value
    }
}
