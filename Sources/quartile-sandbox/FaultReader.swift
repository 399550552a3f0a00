/// Reads the JSON of a fault.
enum FaultReader {
    /// Throws a `ControlError` that says what is wrong.
    static func fault(_ json: JSONValue) throws -> Fault {
        var fields = try JSONFields(json)
        let kind = try fields.requiredString("kind")
        let action = try action(kind, &fields)
        let asked = try fields.choice("when", Fault.Moment.self)
        var fault = Fault(kind: kind, action: action, moment: try moment(asked, of: action, kind: kind))
        if let call = try fields.string("call"), call != "any" {
            guard let kind = CallKind(rawValue: call) else {
                throw ControlError("call must be one of login, refresh, validate, status, other, any")
            }
            fault.call = kind
        }
        fault.version = try fields.choice("api_version")
        fault.username = try fields.string("username")
        fault.skip = try fields.count("skip") ?? 0
        // Absent is once; null is for ever.
        switch fields.take("times") {
        case nil: fault.remaining = 1
        case .null: fault.remaining = nil
        case .number(let number):
            guard let times = Int(exactly: number), times > 0 else { fallthrough }
            fault.remaining = times
        default: throw ControlError("times must be a whole number above zero, or null for ever")
        }
        try fields.finish()
        return fault
    }

    /// Where a fault strikes if nothing is said: in place of the processing, but for what needs a token set to spoil.
    private static func moment(_ asked: Fault.Moment?, of action: FaultAction, kind: String) throws -> Fault.Moment {
        switch action {
        case .reshape:
            guard asked != .before else { throw ControlError("\(kind) can only strike after") }
            return .after
        case .truncate, .drip:
            return asked ?? .after
        case .answer, .reset, .close, .hang, .delay, .endless, .replaceBody:
            return asked ?? .before
        }
    }

    private static func action(_ kind: String, _ fields: inout JSONFields) throws -> FaultAction {
        switch kind {
        case "status": return try status(&fields)
        case "html": return .answer(.html(try fields.count("code") ?? 502), retryAfter: nil)
        case "redirect":
            var answer = Answer.standard(try fields.count("code") ?? 302, retryAfter: nil)
            answer.headers = [Answer.Header(name: "Location", value: try fields.requiredString("location"))]
            return .answer(answer, retryAfter: nil)
        case "reset": return .reset
        case "close": return .close
        case "truncate": return .truncate(bytes: try fields.count("bytes"))
        case "hang": return .hang
        case "delay":
            guard let seconds = try fields.seconds("seconds") else { throw ControlError("seconds is missing") }
            return .delay(seconds)
        case "drip": return .drip(try fields.seconds("interval") ?? 1)
        case "endless": return .endless
        case "malformed": return try malformed(&fields)
        case "bad_lifetime":
            let value = fields.take("value") ?? .integer(-1)
            let part = try fields.choice("part", AnswerShape.Part.self) ?? .authorization
            return .reshape(.lifetime(AnswerShape.Substitute(part: part, value: value)))
        case "bad_token":
            let value = fields.take("value") ?? "line\nbreak"
            let part = try fields.choice("part", AnswerShape.Part.self) ?? .authorization
            return .reshape(.token(AnswerShape.Substitute(part: part, value: value)))
        case "string_numbers": return .reshape(.numbersAsStrings)
        case "zoned": return .reshape(.timeForm(try fields.choice("form") ?? .zoned))
        case "unknown_fields": return .reshape(.unknownFields)
        case "missing_optional": return .reshape(.omitsOptional)
        case "spelling": return .reshape(.spelling(try fields.choice("spelling") ?? .camel))
        default:
            throw ControlError(
                """
                kind must be one of status, html, redirect, reset, close, truncate, hang, delay, drip, endless, \
                malformed, bad_lifetime, bad_token, string_numbers, zoned, unknown_fields, missing_optional, spelling
                """
            )
        }
    }

    private static func malformed(_ fields: inout JSONFields) throws -> FaultAction {
        let variant = try fields.string("variant") ?? "no_refresh"
        switch variant {
        case "no_refresh":
            return .reshape(.token(AnswerShape.Substitute(part: .refresh, value: nil)))
        case "no_access":
            return .reshape(.token(AnswerShape.Substitute(part: .authorization, value: nil)))
        case "not_json": return .replaceBody("The set of tokens is ready: {")
        case "empty": return .replaceBody("")
        case "array": return .replaceBody("[]")
        default: throw ControlError("variant must be one of no_refresh, no_access, not_json, empty, array")
        }
    }

    private static func status(_ fields: inout JSONFields) throws -> FaultAction {
        guard let code = try fields.count("code"), (200...599).contains(code) else {
            throw ControlError("code must be a status from 200 to 599")
        }
        let seconds = try fields.seconds("retry_after")
        var retryAfter = seconds.map { RetryAfter(seconds: $0, isDate: false) }
        if let date = try fields.seconds("retry_after_date", negative: true) {
            retryAfter = RetryAfter(seconds: date, isDate: true)
        }
        var answer = Answer.standard(code, retryAfter: retryAfter?.seconds)
        switch fields.take("body") {
        case nil: break
        case .string(let text): answer.body = Array(text.utf8)
        case .some(let json): answer = Answer(code, json)
        }
        if let contentType = try fields.string("content_type") { answer.contentType = contentType }
        switch fields.take("headers") {
        case nil, .null: break
        case .object(let members):
            answer.headers = try members.map {
                guard let value = $0.value.text else { throw ControlError("headers must hold strings") }
                return Answer.Header(name: $0.name, value: value)
            }
        default: throw ControlError("headers must be an object")
        }
        return .answer(answer, retryAfter: retryAfter)
    }
}
