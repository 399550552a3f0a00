/// Takes an object from the daemon apart. Members that are not asked for are let pass: a newer daemon may send more.
struct ResultReader {
    let object: JSON.Object
    private let subject: String

    init(_ json: JSON, of subject: String) throws(ProtocolViolation) {
        guard let object = json.object else { throw ProtocolViolation("\(subject) must be an object") }
        self.object = object
        self.subject = subject
    }

    private func violation(_ name: String, _ what: String) -> ProtocolViolation {
        ProtocolViolation("`\(name)` of \(subject) \(what)")
    }

    /// A member that must be there, `null` or not.
    func value(_ name: String) throws(ProtocolViolation) -> JSON {
        guard let value = object[name] else { throw violation(name, "is missing") }
        return value
    }

    /// A member, or nil if it is absent or `null`.
    func optionalValue(_ name: String) -> JSON? {
        object[name].flatMap { $0.isNull ? nil : $0 }
    }

    func string(_ name: String) throws(ProtocolViolation) -> String {
        guard let string = try value(name).string else { throw violation(name, "is not a string") }
        return string
    }

    func optionalString(_ name: String) throws(ProtocolViolation) -> String? {
        optionalValue(name) == nil ? nil : try string(name)
    }

    func integer(_ name: String) throws(ProtocolViolation) -> Int64 {
        guard let integer = try value(name).int64 else { throw violation(name, "is not a whole number") }
        return integer
    }

    func bool(_ name: String) throws(ProtocolViolation) -> Bool {
        guard let bool = try value(name).bool else { throw violation(name, "is neither true nor false") }
        return bool
    }

    /// A time in RFC 3339 with a zone, in seconds since 1970.
    func time(_ name: String) throws(ProtocolViolation) -> Int64 {
        guard let seconds = WireTime(try string(name))?.epochSeconds else { throw violation(name, "is not a time") }
        return seconds
    }

    func optionalTime(_ name: String) throws(ProtocolViolation) -> Int64? {
        optionalValue(name) == nil ? nil : try time(name)
    }

    /// One of the words of an enumeration.
    func word<Word: RawRepresentable<String>>(_ name: String) throws(ProtocolViolation) -> Word {
        guard let word = Word(rawValue: try string(name)) else { throw violation(name, "is a word not known here") }
        return word
    }

    func array(_ name: String) throws(ProtocolViolation) -> [JSON] {
        guard let array = try value(name).array else { throw violation(name, "is not an array") }
        return array
    }
}
