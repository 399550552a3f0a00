import QuartileCore

/// What an exchange says of the request, whatever was asked.
enum APIVerdict: Sendable {
    /// The API says it did what it was asked; what follows from the body is for the caller to say.
    case succeeded(HTTPAnswer, sent: Moment, from: Peer)
    /// The API was not reached.
    case notSent(Failure)
    /// The request was turned away before the API acted on it.
    case turnedAway(Failure)
    /// The API refused what was presented, in its own words.
    case refused(status: Int, quoted: String)
    /// Nobody can say what became of it.
    case unknown(Failure)
}

extension APIVerdict {
    /// Sorts `exchange` (the table of outcomes: not sent, rejected, ambiguous).
    ///
    /// - 429, 403 and a 401 about the subscription key: the gateway turned the request away before the API saw it.
    /// - 400, 401 and 422 in the API's own shape: a refusal. In any other shape they come from something on the way,
    ///   and say nothing of the token.
    /// - Everything else but success, and whatever was cut off: unknown.
    ///
    /// The API's own words are shown without `secrets`.
    init(_ exchange: HTTPExchange, account: AccountName, peer: Peer, now: UnixTime, hiding secrets: [Secret] = []) {
        switch exchange {
        case .notSent(let fault):
            self = .notSent(Failure(.upstreamUnavailable, fault.whileConnecting(to: peer)))
        case .unanswered(let fault):
            self = .unknown(Failure(.upstreamUnavailable, fault.whileWaiting(for: peer)))
        case .answered(let answer, let sent):
            self = APIVerdict.sort(answer, sent: sent, account: account, peer: peer, now: now, hiding: secrets)
        }
    }

    private static func sort(
        _ answer: HTTPAnswer,
        sent: Moment,
        account: AccountName,
        peer: Peer,
        now: UnixTime,
        hiding secrets: [Secret]
    ) -> APIVerdict {
        if answer.isSuccess { return .succeeded(answer, sent: sent, from: peer) }
        let refusal = APIRefusal(answer.body, status: answer.status)
        let retryAfter = RetryAfter.read(answer, message: refusal?.message, now: now)
        let quoted = refusal.map { ": \(QuotedMessage.quote($0.message, hiding: secrets))" } ?? ""
        switch answer.status {
        case 429:
            let message = "the API asks to slow down (429)\(quoted)"
            return .turnedAway(Failure(.upstreamUnavailable, message, retryAfter: retryAfter))
        case 403:
            return .turnedAway(forbidden(refusal, quoted: quoted, retryAfter: retryAfter, account: account, peer: peer))
        case 400, 401, 422:
            guard let refusal else {
                let message = "\(peer.endpoint) answered \(answer.status), but not in the API's own form"
                return .unknown(Failure(.upstreamUnavailable, message))
            }
            if let fault = answer.fault {
                return .unknown(Failure(.upstreamUnavailable, fault.whileReading(from: peer)))
            }
            if answer.status == 401, refusal.isAboutSubscriptionKey {
                return .turnedAway(badKey("the API refused the subscription key (401)\(quoted)", account: account))
            }
            return .refused(status: answer.status, quoted: QuotedMessage.quote(refusal.message, hiding: secrets))
        default:
            let message = "\(peer.endpoint) answered \(answer.status)\(explanation(answer.status))\(quoted)"
            return .unknown(Failure(.upstreamUnavailable, message, retryAfter: retryAfter))
        }
    }

    /// A quota that is used up comes back by itself; a key that is not approved takes a person.
    private static func forbidden(
        _ refusal: APIRefusal?,
        quoted: String,
        retryAfter: Milliseconds?,
        account: AccountName,
        peer: Peer
    ) -> Failure {
        guard let refusal else {
            let message = "\(peer.endpoint) turned the request away (403), but not in the API's own form"
            return Failure(.upstreamUnavailable, message, retryAfter: retryAfter)
        }
        if refusal.isAboutQuota {
            let message = "the quota of the subscription key is used up (403)\(quoted)"
            return Failure(.upstreamUnavailable, message, retryAfter: retryAfter)
        }
        var failure = badKey("the API does not admit the subscription key, or not yet (403)\(quoted)", account: account)
        failure.retryAfter = retryAfter
        return failure
    }

    private static func badKey(_ message: String, account: AccountName) -> Failure {
        Failure(.upstreamRejected, message, remedy: "quartilectl update --account \(account)")
    }

    private static func explanation(_ status: Int) -> String {
        switch status {
        case 300..<400: ", a redirect, which is never followed"
        case 404, 405: " (is the base URL that of a Quartile API?)"
        case 500...: " (the API or its gateway is failing)"
        default: ""
        }
    }
}
