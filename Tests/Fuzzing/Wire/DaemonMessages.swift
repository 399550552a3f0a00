import FuzzSupport
import QuartileWire

/// Checks what a client makes of a line from the daemon.
func checkDaemonMessage(_ line: [UInt8]) {
    // What is no message of the daemon is what most inputs are.
    guard let message = try? ServerMessage.decode(line) else { return }
    let written: [UInt8] =
        switch message {
        case .response(let response): response.line
        case .responses(let responses):
            Array("[".utf8) + responses.map(\.bytes).joined(separator: ",".utf8) + Array("]".utf8)
        case .notification(let notification): notification.line
        }
    let again = require("a message reads") { () throws(ProtocolViolation) in try ServerMessage.decode(written) }
    expect(again == message, "a message reads as it was written")
    switch message {
    case .response(let response): checkResult(of: response)
    case .responses(let responses): for response in responses { checkResult(of: response) }
    case .notification: break
    }
}

private func checkResult(of response: Response) {
    switch response.outcome {
    case .success(let json): checkResults(json)
    case .failure(let error):
        expect(ErrorCode(number: error.code.number) == error.code, "a code is its number")
        expect(ErrorCode(name: error.code.name) == error.code, "a code is its name")
    }
}

/// Checks what a client makes of a result, whatever method it is of.
func checkResults(_ json: JSON) {
    check(json, HelloResult.init(json:), \.json)
    check(json, WireToken.init(json:)) { token in
        require("a token is JSON") { () throws(JSONError) in try JSON.parse(token.bytes) }
    }
    check(json, WireAccount.init(json:), \.json)
    check(json, ListAccountsResult.init(json:), \.json)
    check(json, WireStatus.init(json:), \.json)
    check(json, ValidateResult.init(json:), \.json)
    check(json, RejectTokenResult.init(json:), \.json)
    check(json, LogoutResult.init(json:), \.json)
    check(json, KeyResult.init(json:), \.json)
    check(json, AuditResult.init(json:), \.json)
}

/// Not the values are compared but what is written of them: a time beyond the years 0 to 9999, which a zone can make,
/// is written as the last one that can be.
private func check<Value>(
    _ json: JSON,
    _ read: (JSON) throws(ProtocolViolation) -> Value,
    _ write: (Value) -> JSON
) {
    guard let value = try? read(json) else { return }
    let written = write(value)
    let again = require("a result reads: \(Value.self)") { () throws(ProtocolViolation) in try read(written) }
    expect(write(again).bytes == written.bytes, "a result reads as it was written: \(Value.self)")
}
