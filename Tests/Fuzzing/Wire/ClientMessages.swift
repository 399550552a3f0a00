import FuzzSupport
import QuartileWire

/// Checks what the daemon makes of a line from a client.
func checkClientMessage(_ line: [UInt8], isJSON: Bool) {
    switch Message.decode(line) {
    case .single(let entry): check(entry, isJSON: isJSON)
    case .batch(let entries):
        expect(isJSON && !entries.isEmpty, "a batch holds something")
        for entry in entries { check(entry, isJSON: true) }
    }
}

private func check(_ entry: Message.Entry, isJSON: Bool) {
    switch entry {
    case .request(let request):
        expect(isJSON, "a request is JSON")
        let line = request.line.dropLast()
        let again = Message.decode(line)
        expect(again == .single(.request(request)), "a request reads as it was written")
        guard case .single(.request(let same)) = again, same.line.dropLast() == line else {
            return expect(false, "a request reads as it was written, byte by byte")
        }
        checkMethod(of: request)
        for method in Method.allCases { checkParams(request.params, of: method) }
    case .rejected(let response):
        guard case .failure(let error) = response.outcome else { return expect(false, "a rejection is an error") }
        expect(error.code == (isJSON ? .invalidRequest : .parseError), "what is no request has one of two codes")
        expect(isJSON || response.id == .null, "what is not JSON has no id")
        check(error)
        let again = require("a rejection reads") { () throws(ProtocolViolation) in
            try ServerMessage.decode(response.line)
        }
        expect(again == .response(response), "a rejection reads as it was written")
    }
}

private func checkMethod(of request: Request) {
    do throws(WireError) {
        let method = try request.knownMethod()
        expect(method.rawValue.utf8.elementsEqual(request.method.utf8), "a method is known by its own name alone")
    } catch {
        expect(error.code == .methodNotFound, "an unknown method is just that")
        check(error)
    }
}

/// An error is for people: one line, of a length that no stranger decides.
func check(_ error: WireError) {
    expect(error.message.isOneLine, "an error is one line")
    expect(error.message.utf8.count <= 400, "an error is short")
    let again = require("an error reads") { () throws(ProtocolViolation) in try WireError(json: error.json) }
    expect(again == error, "an error reads as it was written")
}
