import QuartileCore

/// When a token's life began and when it ends, reckoned from what is said of it.
///
/// Lives, not points in time, are believed: our clock and the API's may differ, but a span is the same on both.
///
/// | said of an access token | answer to a request | imported set |
/// | --- | --- | --- |
/// | `iat`, with `exp` or `expires_in` or both | the shorter of `expires_in` and `exp` less `iat`, from when the request was sent | the same, from `iat` |
/// | `exp` without `iat` | until `exp`, or `expires_in` if that is shorter | the same, from now |
/// | `expires_in` alone | that long from when the request was sent | that long from now |
/// | `expires_at` with a zone, alone | until then | until then |
/// | nothing | ``unstated`` | ``unstated`` |
///
/// What can't be (a life of nothing, or of more than ten years) counts as not said.
struct TokenLife: Sendable, Equatable {
    /// The life of an access token of which nothing is said. Documented are lives of up to 12 h that can change at any
    /// time; ten minutes cost a refresh every few minutes, while a longer guess could serve a dead token.
    static let unstated = Milliseconds.minutes(10)

    /// When it began.
    var begin: UnixTime
    /// When it ends.
    var end: UnixTime

    /// The life of an access token that came in the answer to a request sent at `sent`.
    static func answered(_ stated: TokenAnswer.StatedLife, _ jwt: JWTTimes, sent: UnixTime) -> TokenLife {
        let spans: [Milliseconds?]
        if let issuedAt = jwt.issuedAt {
            spans = [stated.span, plausible(jwt.expiresAt.map { $0 - issuedAt })]
        } else {
            spans = [stated.span, plausible(jwt.expiresAt.map { $0 - sent })]
        }
        let span = spans.compactMap { $0 }.min() ?? plausible(stated.end.map { $0 - sent }) ?? unstated
        return TokenLife(begin: sent, end: sent + span)
    }

    /// The life of an access token that a person brought. `iat` may be ahead of our clock: then its life is counted
    /// from now, which can only end it too early.
    static func imported(_ stated: TokenAnswer.StatedLife, _ jwt: JWTTimes, now: UnixTime) -> TokenLife {
        if let issuedAt = jwt.issuedAt {
            let begin = min(issuedAt, now)
            let spans = [stated.span, plausible(jwt.expiresAt.map { $0 - issuedAt })]
            if let span = spans.compactMap({ $0 }).min() { return TokenLife(begin: begin, end: begin + span) }
            if let end = stated.end, plausible(end - begin) != nil { return TokenLife(begin: begin, end: end) }
            return TokenLife(begin: begin, end: begin + unstated)
        }
        if let life = until(jwt.expiresAt, span: stated.span, now: now) { return life }
        if let span = stated.span { return TokenLife(begin: now, end: now + span) }
        return until(stated.end, span: nil, now: now) ?? TokenLife(begin: now, end: now + unstated)
    }

    /// A life of which the end is known, perhaps past: it began `span` before that, at the latest now.
    private static func until(_ end: UnixTime?, span: Milliseconds?, now: UnixTime) -> TokenLife? {
        guard let end, end - now <= TokenAnswer.longestLife else { return nil }
        let known = span.map { min(end, now + $0) } ?? end
        return TokenLife(begin: min(known + (0 - (span ?? unstated)), now), end: known)
    }

    private static func plausible(_ span: Milliseconds?) -> Milliseconds? {
        span.flatMap { $0 > 0 && $0 <= TokenAnswer.longestLife ? $0 : nil }
    }
}

extension TokenAnswer {
    /// The set with its times. `sent` is when its request was sent; nil for a set that a person brought.
    func tokenSet(sent: UnixTime?, now: UnixTime) -> TokenSet {
        let jwt = JWTTimes(accessToken)
        let life = sent.map { .answered(accessLife, jwt, sent: $0) } ?? TokenLife.imported(accessLife, jwt, now: now)
        return TokenSet(
            accessToken: accessToken,
            tokenType: tokenType,
            refreshToken: refreshToken,
            issuedAt: life.begin,
            accessExpiresAt: life.end,
            refreshExpiresAt: refreshLife.span.map { life.begin + $0 } ?? refreshLife.end
        )
    }
}
