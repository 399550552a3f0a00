/// What one line from a client holds: a request, or a batch of them (JSON-RPC 2.0, section 6).
public enum Message: Sendable, Hashable {
    /// A request that stands for itself.
    case single(Entry)
    /// A batch, which has one entry or more. Its answers go into one array; entries with none to give are left out, and
    /// a batch of notifications is not answered at all.
    case batch([Entry])

    /// One request of a message, or the answer to what is not one.
    public enum Entry: Sendable, Hashable {
        case request(Request)
        case rejected(Response)
    }

    /// Reads a line, in the protocol's order of checks. Whatever the bytes are, there is a message:
    /// what is not JSON and an empty batch are a single rejected entry.
    public static func decode(_ line: some Sequence<UInt8>) -> Message {
        let json: JSON
        do {
            json = try JSON.parse(line)
        } catch {
            let error = WireError(.parseError, "the line is not JSON: \(error)")
            return .single(.rejected(Response(id: .null, error: error)))
        }
        guard case .array(let elements) = json else { return .single(Request.decode(json)) }
        guard !elements.isEmpty else {
            let error = WireError(.invalidRequest, "a batch must hold at least one request")
            return .single(.rejected(Response(id: .null, error: error)))
        }
        return .batch(elements.map(Request.decode))
    }
}

extension JSON {
    /// ``bytes`` and a `\n`.
    public var line: [UInt8] {
        var output: [UInt8] = []
        // Room for a token: growing would leave copies of it behind.
        output.reserveCapacity(2_048)
        write(to: &output)
        output.append(ASCII.newline)
        return output
    }
}
