import Glibc
import NIOCore
import QuartileWire
import Testing

@testable import QuartileDaemon

@Suite struct SocketServerTests {
    @Test func aRequestIsAnsweredWithItsID() async throws {
        try await SocketTestServer.with { server in
            let client = try server.client()
            try client.send(#"{"jsonrpc":"2.0","id":"a","method":"echo"}"# + "\n")
            #expect(try await client.line() == #"{"jsonrpc":"2.0","id":"a","result":"echo"}"#)
            let peer = try #require(server.handler.lastCaller?.peer)
            #expect(peer == PeerCredentials(pid: getpid(), uid: geteuid(), gid: getegid()))
        }
    }

    @Test func answersComeAsTheyAreReady() async throws {
        try await SocketTestServer.with { server in
            let client = try server.client()
            try client.call("hold", id: 1)
            try client.call("later", id: 2)
            try client.call("echo", id: 3)
            let first = Set(try await [client.line(), client.line()].compactMap(\.self))
            #expect(
                first == [#"{"jsonrpc":"2.0","id":2,"result":"later"}"#, #"{"jsonrpc":"2.0","id":3,"result":"echo"}"#]
            )
            server.handler.release()
            #expect(try await client.answer() == SocketTestAnswer(id: 1, "held"))
        }
    }

    @Test func aNotificationIsCarriedOutAndNotAnswered() async throws {
        try await SocketTestServer.with { server in
            let client = try server.client()
            try client.send(#"{"jsonrpc":"2.0","method":"echo"}"# + "\n")
            try client.send(#"{"jsonrpc":"2.0","method":"unknown"}"# + "\n")
            try client.call("echo", id: 1)
            #expect(try await client.answer() == SocketTestAnswer(id: 1, "echo"))
            #expect(server.handler.methods == ["echo", "unknown", "echo"])
        }
    }

    @Test(arguments: [
        ("nonsense", "parse_error"), ("", "parse_error"), ("[]", "invalid_request"), ("7", "invalid_request"),
        (#"{"jsonrpc":"2.0","id":null,"method":"unknown"}"#, "method_not_found"),
    ])
    func afterAnErrorTheConnectionIsUsable(line: String, error: String) async throws {
        try await SocketTestServer.with { server in
            let client = try server.client()
            try client.send(line + "\n")
            #expect(try await client.answer() == SocketTestAnswer(id: .null, error))
            try client.call("echo", id: 1)
            #expect(try await client.answer() == SocketTestAnswer(id: 1, "echo"))
        }
    }

    @Test func aRequestThatComesByteByByteIsAnswered() async throws {
        try await SocketTestServer.with { server in
            let client = try server.client()
            for byte in Request(id: 1, method: "echo").line { try client.send([byte]) }
            #expect(try await client.answer() == SocketTestAnswer(id: 1, "echo"))
        }
    }

    @Test func aReplyThatIsDroppedBecomesAnInternalError() async throws {
        try await SocketTestServer.with { server in
            let client = try server.client()
            try client.call("never", id: 1)
            #expect(try await client.answer() == SocketTestAnswer(id: 1, "internal_error"))
        }
    }

    @Test func onlyTheFirstOfTwoAnswersIsSent() async throws {
        try await SocketTestServer.with { server in
            let client = try server.client()
            try client.call("twice", id: 1)
            try client.call("echo", id: 2)
            #expect(try await client.answer() == SocketTestAnswer(id: 1, "first"))
            #expect(try await client.answer() == SocketTestAnswer(id: 2, "echo"))
        }
    }

    @Test func aClientThatVanishesDisturbsNobody() async throws {
        try await SocketTestServer.with { server in
            let client = try server.client()
            let other = try server.client()
            try client.call("hold", id: 1)
            try await server.handler.waitForHeld(1)
            client.close()
            server.handler.release()
            try other.call("echo", id: 2)
            #expect(try await other.answer() == SocketTestAnswer(id: 2, "echo"))
        }
    }

    @Test func aClientThatEndsItsSideStillGetsItsAnswers() async throws {
        try await SocketTestServer.with { server in
            let client = try server.client()
            try client.call("hold", id: 1)
            try client.call("hold", id: 2)
            client.endInput()
            try await server.handler.waitForHeld(2)
            server.handler.release()
            #expect(try await client.answer() == SocketTestAnswer(id: 1, "held"))
            server.handler.release()
            #expect(try await client.answer() == SocketTestAnswer(id: 2, "held"))
            #expect(try await client.line() == nil)
        }
    }

    @Test(arguments: [0, 2])
    func theLastLineNeedsNoLineBreakIfTheClientEndsItsSide(others: Int) async throws {
        try await SocketTestServer.with { server in
            let others = try await server.clients(others)
            defer { for other in others { other.close() } }
            let client = try server.client()
            try client.send(#"{"jsonrpc":"2.0","id":1,"method":"echo"}"#)
            client.endInput()
            #expect(try await client.answer() == SocketTestAnswer(id: 1, "echo"))
            #expect(try await client.line() == nil)
        }
    }

    @Test func aClientThatSendsNothingAndEndsItsSideIsClosed() async throws {
        try await SocketTestServer.with { server in
            let client = try server.client()
            client.endInput()
            #expect(try await client.line() == nil)
        }
    }
}
