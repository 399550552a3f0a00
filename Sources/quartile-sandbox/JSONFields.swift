/// What is wrong with a request to the control endpoint: one sentence for its author.
struct ControlError: Error, Equatable {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}

/// Reads the members of an object one by one, and refuses those that nobody asked for.
struct JSONFields {
    private var members: [String: JSONValue] = [:]

    /// Throws where the value is no object.
    init(_ json: JSONValue) throws {
        guard case .object(let list) = json else { throw ControlError("the body must be a JSON object") }
        for member in list { members[member.name] = member.value }
    }

    /// Takes a member out: nil where it is absent, `.null` where it is null.
    mutating func take(_ name: String) -> JSONValue? {
        members.removeValue(forKey: name)
    }

    /// A text, or nil where it is absent or null.
    mutating func string(_ name: String) throws -> String? {
        switch take(name) {
        case nil, .null: return nil
        case .string(let text): return text
        default: throw ControlError("\(name) must be a string")
        }
    }

    /// A text that must be there.
    mutating func requiredString(_ name: String) throws -> String {
        guard let text = try string(name) else { throw ControlError("\(name) is missing") }
        return text
    }

    /// A flag, or nil where it is absent or null.
    mutating func flag(_ name: String) throws -> Bool? {
        switch take(name) {
        case nil, .null: return nil
        case .bool(let flag): return flag
        default: throw ControlError("\(name) must be true or false")
        }
    }

    /// A whole number of zero or more, or nil where it is absent or null.
    mutating func count(_ name: String) throws -> Int? {
        switch take(name) {
        case nil, .null: return nil
        case .number(let number):
            if let count = Int(exactly: number), count >= 0 { return count }
        default: break
        }
        throw ControlError("\(name) must be a whole number of zero or more")
    }

    /// Seconds, from a number or a text such as `90s`; nil where it is absent or null. Only a number may be negative.
    mutating func seconds(_ name: String, negative: Bool = false) throws -> Double? {
        switch take(name) {
        case nil, .null: return nil
        case .number(let number) where number >= 0 || negative: return number
        case .string(let text):
            if let seconds = DurationText.seconds(text) { return seconds }
        default: break
        }
        throw ControlError("\(name) must be seconds, or a text such as 500ms, 90s, 15m, 1h or 2d")
    }

    /// One of the names of an enumeration, or nil where it is absent or null.
    mutating func choice<Choice>(_ name: String, _ type: Choice.Type = Choice.self) throws -> Choice?
    where Choice: RawRepresentable & CaseIterable, Choice.RawValue == String {
        guard let text = try string(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw ControlError("\(name) must be one of \(names)")
        }
        return choice
    }

    /// Throws where members are left that nobody asked for.
    func finish() throws {
        if let name = members.keys.sorted().first { throw ControlError("\(name) is not known here") }
    }
}
