import Glibc
import NIOCore
import QuartileWire
import Testing

@testable import QuartileDaemon

@Suite struct SocketDrainTests {
    @Test func whatIsInFlightAtShutdownIsAnswered() async throws {
        try await SocketTestServer.with { server in
            let idle = try server.client()
            let busy = try server.client()
            let batch = try server.client()
            try busy.call("hold", id: 1)
            try await server.handler.waitForHeld(1)
            try batch.send(JSON.array((1...40).map { Request(id: .number(JSON.Number($0)), method: "hold").json }).line)
            try await server.handler.waitForHeld(33)

            await server.stop()
            #expect(try await idle.line() == nil)
            #expect(throws: SocketTestClient.End.failed(ECONNREFUSED)) { try server.client() }
            for _ in 1...41 {
                try await waitUntil("a request is held") { server.handler.heldCount > 0 }
                server.handler.release()
            }
            #expect(try await busy.answer() == SocketTestAnswer(id: 1, "held"))
            #expect(try await busy.line() == nil)
            let line = try #require(try await batch.line())
            #expect(try JSON.parse(line.utf8).array?.count == 40)
            #expect(try await batch.line() == nil)
        }
    }

    @Test func whatIsNotAnsweredInTimeIsCutOff() async throws {
        var limits = SocketLimits()
        limits.drainTime = .milliseconds(50)
        try await SocketTestServer.with(limits: limits) { server in
            let client = try server.client()
            try client.call("hold", id: 1)
            try await server.handler.waitForHeld(1)
            await server.stop()
            #expect(try await client.line() == nil)
            // An answer that comes too late is no error.
            server.handler.release()
        }
    }

    @Test func aClientThatLingersAfterAnOverlongLineDoesNotHoldUpTheEnd() async throws {
        try await SocketTestServer.with { server in
            let client = try server.client()
            // Not a byte more, which might be unread when the server stops.
            try client.send([UInt8](repeating: 0x20, count: LineFramer.maximumLineLength + 1))
            #expect(try await client.answer() == SocketTestAnswer(id: .null, "parse_error"))
            await server.stop()
            #expect(try await client.line() == nil)
            try await waitUntil("the connection is gone, not only ended") {
                do {
                    try client.send(" ")
                    return false
                } catch SocketTestClient.End.failed(EPIPE) {
                    return true
                }
            }
        }
    }
}
