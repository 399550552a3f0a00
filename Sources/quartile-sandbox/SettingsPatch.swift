extension TokenAuthority {
    /// Changes settings, all or none. Throws a `ControlError` that says what is wrong.
    mutating func patch(_ json: JSONValue) throws {
        var fields = try JSONFields(json)
        var next = settings
        next.mode = try fields.choice("mode") ?? next.mode
        next.accessLifetime = try fields.seconds("access_lifetime") ?? next.accessLifetime
        next.refreshLifetime = try fields.seconds("refresh_lifetime") ?? next.refreshLifetime
        next.grace = try fields.seconds("grace") ?? next.grace
        next.latency = try fields.seconds("latency") ?? next.latency
        next.loginRevokes = try fields.flag("login_revokes") ?? next.loginRevokes
        next.clockSkew = try fields.seconds("clock_skew", negative: true) ?? next.clockSkew
        next.shape.spelling = try fields.choice("spelling") ?? next.shape.spelling
        next.shape.timeForm = try fields.choice("expires_at_form") ?? next.shape.timeForm
        next.shape.numbersAsStrings = try fields.flag("string_numbers") ?? next.shape.numbersAsStrings
        next.shape.unknownFields = try fields.flag("unknown_fields") ?? next.shape.unknownFields
        next.shape.omitsOptional = try fields.flag("missing_optional") ?? next.shape.omitsOptional
        switch fields.take("rotate_subscription_key") {
        case nil, .null, .bool(false): break
        case .bool(true): next.subscriptionKey = TokenMint.subscriptionKey()
        case .string(let key): next.subscriptionKey = try SubscriptionKey.checked(key)
        default: throw ControlError("rotate_subscription_key must be true or the new key")
        }
        var changed: [User] = []
        if let users = fields.take("users") {
            guard case .object(let members) = users else { throw ControlError("users must be an object") }
            changed = try members.map { try patched($0.name, $0.value) }
        }
        try fields.finish()
        settings = next
        for user in changed { put(user) }
    }

    private func patched(_ username: String, _ json: JSONValue) throws -> User {
        guard var user = users[username] else { throw ControlError("there is no user \(username)") }
        var fields = try JSONFields(json)
        user.password = try fields.string("password") ?? user.password
        user.keyState = try fields.choice("key_state") ?? user.keyState
        if let key = try fields.string("subscription_key") { user.subscriptionKey = try SubscriptionKey.checked(key) }
        try fields.finish()
        return user
    }

    /// The settings as the control endpoint tells them.
    var settingsJSON: JSONValue {
        [
            "mode": .string(settings.mode.rawValue),
            "access_lifetime": .number(settings.accessLifetime),
            "refresh_lifetime": .number(settings.refreshLifetime),
            "grace": .number(settings.grace),
            "latency": .number(settings.latency),
            "login_revokes": .bool(settings.loginRevokes),
            "clock_skew": .number(settings.clockSkew),
            "spelling": .string(settings.shape.spelling.rawValue),
            "expires_at_form": .string(settings.shape.timeForm.rawValue),
            "string_numbers": .bool(settings.shape.numbersAsStrings),
            "unknown_fields": .bool(settings.shape.unknownFields),
            "missing_optional": .bool(settings.shape.omitsOptional),
            "subscription_key": .string(settings.subscriptionKey),
        ]
    }
}

/// The rule for subscription keys.
enum SubscriptionKey {
    /// The key, if it is 32 letters and digits. Throws a `ControlError` otherwise.
    static func checked(_ key: String) throws -> String {
        guard key.utf8.count == 32, key.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) else {
            throw ControlError("a subscription key is 32 letters and digits")
        }
        return key
    }
}
