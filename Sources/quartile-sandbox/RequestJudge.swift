/// Judges one request in the order the service does: the gateway looks at the key, then the body is checked, then
/// the credentials.
struct RequestJudge {
    let shape: AnswerShape
    /// Seconds since 1970.
    let now: Double

    /// The answer; the record learns what it came to. Throws if a token can't be signed.
    func answer(
        _ request: AuthRequest,
        in authority: inout TokenAuthority,
        record: inout CallRecord
    ) throws -> Answer {
        guard let endpoint = request.endpoint else {
            record.outcome = .noSuchPath
            return .gateway(404, "Resource not found")
        }
        if let refusal = refusalOfKey(request, in: authority, record: &record) { return refusal }
        if case .malformed(let defects) = request.content {
            record.outcome = .malformed
            return .malformed(defects)
        }
        switch endpoint.call {
        case .login: return try login(request, in: &authority, record: &record)
        case .refresh: return try refresh(in: &authority, record: &record)
        case .validate: return validate(in: authority, record: &record)
        case .status, .other:
            record.outcome = .running
            return Answer(200, ["message": "running"])
        }
    }

    private func refusalOfKey(
        _ request: AuthRequest,
        in authority: TokenAuthority,
        record: inout CallRecord
    ) -> Answer? {
        let user = record.username.flatMap { authority.users[$0] }
        guard let key = request.subscriptionKey, !key.isEmpty else {
            record.isKeyRight = false
            record.outcome = .missingKey
            return .gateway(401, "Access denied due to missing subscription key.")
        }
        let isRight = user.map { authority.subscriptionKey(of: $0) == key } ?? authority.isAnybodysKey(key)
        record.isKeyRight = isRight
        guard isRight else {
            record.outcome = .wrongKey
            return .gateway(401, "Access denied due to invalid subscription key.")
        }
        switch user?.keyState ?? .approved {
        case .approved:
            return nil
        case .pending:
            record.outcome = .keyRefused
            return .pendingKey
        case .exhausted:
            record.outcome = .keyRefused
            return .quota
        }
    }

    private func login(
        _ request: AuthRequest,
        in authority: inout TokenAuthority,
        record: inout CallRecord
    ) throws -> Answer {
        guard case .credentials(let username, let password) = request.content else {
            return .malformed([BodyDefect("field required", "value_error.missing", at: "username")])
        }
        guard let user = authority.users[username], user.password == password else {
            record.outcome = authority.users[username] == nil ? .unknownUser : .wrongPassword
            return .unauthorized("Incorrect username or password.")
        }
        let grant = try authority.startFamily(for: username, now: now, isLogin: true)
        record.outcome = .issued
        record.family = grant.family
        record.generation = grant.generation
        return issued(grant, record: &record)
    }

    private func refresh(in authority: inout TokenAuthority, record: inout CallRecord) throws -> Answer {
        guard let fingerprint = record.fingerprint else {
            return .malformed([BodyDefect("field required", "value_error.missing", at: "token")])
        }
        switch try authority.refresh(fingerprint, now: now) {
        case .granted(let grant, let reception):
            record.outcome = reception == .rotates ? .rotated : .rotatedAgain
            return issued(grant, record: &record)
        case .unknown:
            record.outcome = .refreshUnknown
        case .refused(let reception):
            switch reception {
            case .rotates, .rotatesAgain, .revokes: record.outcome = .reuseRevokedFamily
            case .expired: record.outcome = .refreshExpired
            case .dead: record.outcome = .familyRevoked
            }
        }
        return .unauthorized("The refresh token is invalid or has expired.")
    }

    private func validate(in authority: TokenAuthority, record: inout CallRecord) -> Answer {
        guard let fingerprint = record.fingerprint, authority.accepts(accessToken: fingerprint, now: now) else {
            record.outcome = .invalid
            return .unauthorized("The access token is missing, invalid or expired.")
        }
        record.outcome = .valid
        return Answer(201, ["message": "The access token is valid.", "statusCode": .integer(201)])
    }

    private func issued(_ grant: TokenAuthority.Grant, record: inout CallRecord) -> Answer {
        record.newGeneration = grant.generation
        record.newFingerprint = TokenFingerprint(of: grant.refreshToken)
        return Answer(201, TokenSetBody.json(grant, shape: shape))
    }
}
