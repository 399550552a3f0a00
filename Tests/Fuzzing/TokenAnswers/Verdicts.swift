import FuzzSupport
import QuartileCore

@testable import QuartileDaemon

/// Checks how an answer is sorted, whether it came whole or was cut off.
func checkVerdict(on answer: HTTPAnswer) {
    var cut = answer
    cut.fault = .closed
    for answer in [answer, cut] {
        guard let account = AccountName("ada") else { return expect(false, "an account's name") }
        let peer = Peer(endpoint: "api.example", proxy: nil, timeout: .seconds(30))
        let sent = Moment(wall: now, boot: BootTime(milliseconds: 0))
        let exchange = HTTPExchange.answered(answer, sent: sent)
        let hidden = [Secret("not a real password"), Secret("abcdefgh")]
        check(APIVerdict(exchange, account: account, peer: peer, now: now, hiding: hidden), on: answer)
    }
}

private func check(_ verdict: APIVerdict, on answer: HTTPAnswer) {
    switch verdict {
    case .succeeded(let passedOn, _, _):
        expect(answer.isSuccess, "only a 2xx is a success")
        expect(passedOn.body == answer.body, "the body of a success is kept")
    case .notSent: expect(false, "an answer comes only to what was sent")
    case .turnedAway(let failure):
        expect([401, 403, 429].contains(answer.status), "a gateway turns away with 401, 403 or 429")
        check(failure)
    case .refused(let status, let quoted):
        expect([400, 401, 422].contains(status) && status == answer.status, "the API refuses with 400, 401 or 422")
        expect(answer.fault == nil, "what was cut off refuses nothing")
        expect(APIRefusal(answer.body, status: status) != nil, "the API refuses in its own shape")
        checkShown(quoted)
    case .unknown(let failure):
        expect(!answer.isSuccess && ![403, 429].contains(answer.status), "a 2xx, 403 or 429 is known")
        check(failure)
    }
}

private func check(_ failure: Failure) {
    checkShown(failure.message)
    for shown in ["not a real password", "abcdefgh"] {
        expect(!failure.message.contains(shown), "a secret is not shown")
    }
    guard let wait = failure.retryAfter else { return }
    expect(wait >= 0 && wait <= .hours(1), "a wait is at most an hour")
}

/// A message is one line of bounded length, without what may be a token.
private func checkShown(_ message: String) {
    expect(message.isOneLine, "a message is one line")
    expect(message.unicodeScalars.count <= 300, "a message is short")
    // What was cut ends in three dots, which are no part of a token.
    expect(message.replacing("...", with: " ").longestTokenRun < 20, "a message holds no token")
}
