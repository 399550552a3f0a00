/// What a request came to, in the words of the log.
enum CallOutcome: String, Sendable {
    /// Arrived, and not processed yet.
    case pending
    /// A fault answered in the API's place: nothing was issued, spent or checked.
    case notProcessed = "not_processed"
    /// A login gave a token set.
    case issued
    /// An unspent refresh token gave the next token set.
    case rotated
    /// A spent refresh token gave one more token set.
    case rotatedAgain = "rotated_again"
    /// A spent refresh token revoked its family.
    case reuseRevokedFamily = "reuse_revoked_family"
    /// A refresh token of a family that was dead already.
    case familyRevoked = "family_revoked"
    case refreshExpired = "refresh_expired"
    case refreshUnknown = "refresh_unknown"
    case wrongPassword = "wrong_password"
    case unknownUser = "unknown_user"
    case missingKey = "missing_key"
    case wrongKey = "wrong_key"
    /// The key is not activated, or its quota is used up.
    case keyRefused = "key_refused"
    case malformed
    case valid
    case invalid
    case running
    case noSuchPath = "no_such_path"
}

/// One request in the log. It holds no token, password or key.
struct CallRecord: Sendable {
    /// Counts from 1 in order of arrival.
    let n: Int
    /// When it arrived, in seconds since 1970.
    let at: Double
    let version: APIVersion?
    let call: CallKind
    let line: String
    /// Whose credentials or token it carried, where that is known.
    var username: String?
    /// The token it carried.
    var fingerprint: TokenFingerprint?
    var isRefreshToken = false
    /// The family and generation of the token carried; for a login, those of the set it gave.
    var family: Int?
    var generation: Int?
    /// What it gave, where it gave a token set.
    var newGeneration: Int?
    var newFingerprint: TokenFingerprint?
    var isKeyRight: Bool?
    var isBodySound = true
    var outcome = CallOutcome.pending
    /// What was sent; nil where nothing was.
    var status: Int?
    var fault: String?

    /// The record as the control endpoint tells it.
    var json: JSONValue {
        [
            "n": .integer(n),
            "at": .number(at),
            "api_version": .optional(version?.rawValue),
            "call": .string(call.rawValue),
            "request": .string(line),
            "username": .optional(username),
            "status": .optional(status),
            "outcome": .string(outcome.rawValue),
            "fault": .optional(fault),
            "refresh_token_fingerprint": .optional(isRefreshToken ? fingerprint?.description : nil),
            "access_token_fingerprint": .optional(isRefreshToken ? nil : fingerprint?.description),
            "family": .optional(family),
            "generation": .optional(generation),
            "new_generation": .optional(newGeneration),
            "new_refresh_token_fingerprint": .optional(newFingerprint?.description),
            "subscription_key_ok": isKeyRight.map(JSONValue.bool) ?? .null,
            "body_ok": .bool(isBodySound),
        ]
    }
}
