/// What one line from the daemon holds.
public enum ServerMessage: Sendable, Hashable {
    case response(Response)
    /// The answers to a batch, in any order.
    case responses([Response])
    case notification(Notification)

    /// Reads a line.
    public static func decode(_ line: some Sequence<UInt8>) throws(ProtocolViolation) -> ServerMessage {
        let json: JSON
        do {
            json = try JSON.parse(line)
        } catch {
            throw ProtocolViolation("the line is not JSON: \(error)")
        }
        if case .array(let elements) = json {
            return .responses(try elements.map { json throws(ProtocolViolation) in try Response(json: json) })
        }
        if let object = json.object, object["method"] != nil { return .notification(try Notification(json: json)) }
        return .response(try Response(json: json))
    }
}
