import FuzzSupport
import QuartileCore
import QuartileWire

@testable import QuartileDaemon

/// Checks what is made of the body of a success.
func checkTokenSet(_ body: [UInt8]) {
    let answer: TokenAnswer
    do throws(TokenAnswerProblem) {
        answer = try TokenAnswer(Secret(bytes: body))
    } catch {
        expect(error.clause.isOneLine && error.clause.utf8.count <= 100, "a problem is a short clause")
        return
    }
    for token in [answer.accessToken, answer.refreshToken] {
        expect(!token.isEmpty && token.reveal().utf8.allSatisfy(isVisible), "a token is visible ASCII")
    }
    expect(!answer.tokenType.isEmpty && answer.tokenType.utf8.allSatisfy(isVisible), "a type is visible ASCII")
    for span in [answer.accessLife.span, answer.refreshLife.span].compactMap(\.self) {
        expect(isPlausible(span), "a stated life is neither nothing nor longer than ten years")
    }
    checkLives(of: answer)
    checkTimes(in: answer.accessToken)
    checkSpellings(of: answer, body)
}

/// Checks what a token says of its own times.
func checkTimes(in token: Secret) {
    let times = JWTTimes(token)
    let believed = UnixTime(seconds: 946_684_800)...UnixTime(seconds: 7_258_118_400)
    for time in [times.issuedAt, times.expiresAt].compactMap(\.self) {
        expect(believed.contains(time), "a JWT's times are of this age")
    }
}

private func checkLives(of answer: TokenAnswer) {
    let sent = answer.tokenSet(sent: now, now: now + .seconds(2))
    expect(sent.issuedAt == now, "the life of an answered set begins when its request was sent")
    expect(isPlausible(sent.life), "an answered set lives, but not longer than ten years")
    let imported = answer.tokenSet(sent: nil, now: now)
    expect(imported.issuedAt <= now, "the life of an imported set begins now at the latest")
    expect(isPlausible(imported.life), "an imported set has a life of at most ten years")
    for set in [sent, imported] {
        expect(set.accessToken == answer.accessToken && set.refreshToken == answer.refreshToken, "tokens are kept")
        let refreshLife = answer.refreshLife.span.map { set.issuedAt + $0 } ?? answer.refreshLife.end
        expect(set.refreshExpiresAt == refreshLife, "the refresh token's life begins with the access token's")
    }
}

/// The documentation has two spellings of every name: what is read of one is read of the other.
private func checkSpellings(of answer: TokenAnswer, _ body: [UInt8]) {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    guard case .object(var object) = try? JSON.parse(body.starts(with: mark) ? body[3...] : body[...]) else {
        return expect(false, "a token set is an object")
    }
    for index in object.members.indices {
        guard case .object(var part) = object.members[index].value else { continue }
        for field in part.members.indices {
            part.members[field].name = otherSpellings[part.members[field].name] ?? part.members[field].name
        }
        object.members[index].value = .object(part)
    }
    let other = require("the other spelling reads") { () throws(TokenAnswerProblem) in
        try TokenAnswer(Secret(bytes: mark + JSON.object(object).bytes))
    }
    expect(other.accessToken == answer.accessToken, "the other spelling gives the same access token")
    expect(other.refreshToken == answer.refreshToken, "the other spelling gives the same refresh token")
    expect(other.tokenType == answer.tokenType, "the other spelling gives the same type")
    expect(other.accessLife == answer.accessLife, "the other spelling gives the same life")
    expect(other.refreshLife == answer.refreshLife, "the other spelling gives the same life of the refresh token")
}

private let otherSpellings = [
    "expires_in": "expiresIn", "expiresIn": "expires_in", "expires_at": "expiresAt", "expiresAt": "expires_at",
]

private func isVisible(_ byte: UInt8) -> Bool { (0x21...0x7E).contains(byte) }

private func isPlausible(_ span: Milliseconds) -> Bool { span > 0 && span <= .hours(24 * 3653) }
