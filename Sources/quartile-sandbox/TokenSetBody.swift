/// Writes a token set as the API does.
enum TokenSetBody {
    /// The JSON of a grant in the given shape.
    static func json(_ grant: TokenAuthority.Grant, shape: AnswerShape) -> JSONValue {
        var authorization = part(
            .authorization,
            token: grant.accessToken,
            lifetime: grant.accessLifetime,
            stampedAt: grant.stampedAt,
            shape: shape
        )
        var refresh = part(
            .refresh,
            token: grant.refreshToken,
            lifetime: grant.refreshLifetime,
            stampedAt: grant.stampedAt,
            shape: shape
        )
        if let substitute = shape.token {
            switch substitute.part {
            case .authorization: authorization["token"] = substitute.value
            case .refresh: refresh["token"] = substitute.value
            }
        }
        var set: JSONValue = ["authorization": authorization, "refresh": refresh]
        if shape.unknownFields {
            set["scope"] = .array(["profile", "data"])
            set["links"] = ["self": "/auth", "more": .null]
        }
        return set
    }

    private static func part(
        _ part: AnswerShape.Part,
        token: String,
        lifetime: Double,
        stampedAt: Double,
        shape: AnswerShape
    ) -> JSONValue {
        let isSnake = shape.spelling == .snake
        let expiresIn = isSnake ? "expires_in" : "expiresIn"
        var json: JSONValue = ["token": .string(token)]
        if part == .authorization && !shape.omitsOptional { json["type"] = "Bearer" }
        if part == .authorization || !shape.omitsOptional { json[expiresIn] = number(lifetime, shape) }
        if let substitute = shape.lifetime, substitute.part == part { json[expiresIn] = substitute.value }
        if shape.omitsOptional {
            json["note"] = .null
        } else {
            let expiry = CivilTime.stamp(stampedAt + lifetime, shape.timeForm)
            json[isSnake ? "expires_at" : "expiresAt"] = .string(expiry)
            if part == .authorization {
                json[isSnake ? "not_before" : "notBefore"] = number(stampedAt.rounded(.down), shape)
            }
            json["note"] = "Lifetimes can change at any time."
        }
        if shape.unknownFields { json["issued_by"] = ["region": "eu-1", "build": .number(1.5)] }
        return json
    }

    private static func number(_ value: Double, _ shape: AnswerShape) -> JSONValue {
        shape.numbersAsStrings ? .string(JSONValue.text(of: value)) : .number(value)
    }
}
