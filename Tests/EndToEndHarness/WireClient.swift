/// Speaks the daemon's protocol line by line.
package final class WireClient {
    package let socket: LocalSocket
    private var lastID = 0

    /// Connects to a user's daemon. Throws where there is none.
    package init(_ home: Home) throws {
        socket = try LocalSocket(path: home.socket)
    }

    /// Sends a line as it is.
    package func send(_ line: String) async throws { try await socket.send((line + "\n").utf8) }

    /// Sends a line as it is and reads the answer.
    package func exchange(_ line: String) async throws -> JSON {
        try await send(line)
        return try await answer()
    }

    /// Reads the next answer.
    package func answer() async throws -> JSON {
        try JSON(try present(try await socket.line(), "an answer; the daemon ended the connection"))
    }

    /// Calls a method and returns the whole response.
    package func call(_ method: String, _ params: JSON? = nil) async throws -> JSON {
        lastID += 1
        var members: [String: JSON] = ["jsonrpc": "2.0", "id": .number(Double(lastID)), "method": .string(method)]
        members["params"] = params
        return try await exchange(JSON.object(members).text)
    }
}
