import QuartileWire
import Testing

@testable import QuartileDaemon

@Suite struct SocketBatchTests {
    @Test func aBatchIsAnsweredInOneLineInItsOrder() async throws {
        try await SocketTestServer.with { server in
            let client = try server.client()
            try client.send(
                """
                [{"jsonrpc":"2.0","id":1,"method":"hold"},{"jsonrpc":"2.0","method":"echo"},7,\
                {"jsonrpc":"2.0","id":2,"method":"later"},{"jsonrpc":"2.0","id":3,"method":"unknown"}]

                """
            )
            // What comes after a batch does not wait for it.
            try client.call("echo", id: 4)
            #expect(try await client.answer() == SocketTestAnswer(id: 4, "echo"))
            server.handler.release()
            let line = try #require(try await client.line())
            let batch = try JSON.parse(line.utf8)
            #expect(
                try batch.array?.map(SocketTestAnswer.init) == [
                    SocketTestAnswer(id: 1, "held"), SocketTestAnswer(id: .null, "invalid_request"),
                    SocketTestAnswer(id: 2, "later"), SocketTestAnswer(id: 3, "method_not_found"),
                ]
            )
        }
    }

    @Test func aBatchOfNotificationsIsNotAnswered() async throws {
        try await SocketTestServer.with { server in
            let client = try server.client()
            try client.send(#"[{"jsonrpc":"2.0","method":"echo"},{"jsonrpc":"2.0","method":"later"}]"# + "\n")
            try client.call("echo", id: 1)
            #expect(try await client.answer() == SocketTestAnswer(id: 1, "echo"))
            client.endInput()
            #expect(try await client.line() == nil)
        }
    }

    @Test func aBatchOfOneIsAnsweredWithAnArray() async throws {
        try await SocketTestServer.with { server in
            let client = try server.client()
            try client.send(#"[{"jsonrpc":"2.0","id":1,"method":"echo"}]"# + "\n")
            #expect(try await client.line() == #"[{"jsonrpc":"2.0","id":1,"result":"echo"}]"#)
        }
    }

    @Test func aBatchLargerThanWhatMayBeInFlightIsCarriedOutBitByBit() async throws {
        try await SocketTestServer.with { server in
            let client = try server.client()
            let requests = (1...100).map { Request(id: .number(JSON.Number($0)), method: "hold").json }
            try client.send(JSON.array(requests).line)
            try await server.handler.waitForHeld(32)
            for released in 1...100 {
                server.handler.release()
                try await server.handler.waitForHeld(min(32, 100 - released))
            }
            let line = try #require(try await client.line())
            let batch = try JSON.parse(line.utf8)
            #expect(batch.array?.count == 100)
        }
    }

    @Test func aBatchWithAnswersTooLargeTogetherIsAnsweredWithAnError() async throws {
        try await SocketTestServer.with { server in
            let client = try server.client()
            let params: JSON = ["count": 60_000]
            let requests = (1...500).map { Request(id: .number(JSON.Number($0)), method: "text", params: params).json }
            try client.send(JSON.array(requests).line)
            #expect(try await client.answer() == SocketTestAnswer(id: .null, "overloaded"))
            // From when the limit was passed, none was begun.
            #expect(server.handler.methods.count == 18)
            try client.call("echo", id: 1)
            #expect(try await client.answer() == SocketTestAnswer(id: 1, "echo"))
        }
    }

    @Test func aLineFullOfWhatIsNoRequestIsAnsweredWithAnError() async throws {
        try await SocketTestServer.with { server in
            let client = try server.client()
            try client.send("[" + String(repeating: "1,", count: 32_000) + "1]\n")
            #expect(try await client.answer() == SocketTestAnswer(id: .null, "overloaded"))
        }
    }
}
