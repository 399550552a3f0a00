import Foundation
import Glibc
import NIOCore
import NIOPosix
import QuartileWire
import Testing

@testable import QuartileDaemon

@Suite struct SocketLimitsTests {
    private func limits(_ change: (inout SocketLimits) -> Void) -> SocketLimits {
        var limits = SocketLimits()
        change(&limits)
        return limits
    }

    /// A request line of this many bytes, without its line break.
    private func line(ofLength length: Int) -> String {
        let start = #"{"jsonrpc":"2.0","id":1,"method":"echo"}"#
        return start + String(repeating: " ", count: length - start.utf8.count)
    }

    @Test func theDocumentedLimitsStand() {
        let limits = SocketLimits()
        #expect(limits.connections == 2_048)
        #expect(limits.connectionsOfAListedUser == 512)
        #expect(limits.connectionsKeptForTheOwner == 512)
        #expect(limits.lineLength == 65_536)
        #expect(limits.lineTime == .seconds(5))
        #expect(limits.requestsInFlight == 32)
        #expect(limits.unreadAnswers == 1_048_576)
        #expect(limits.drainTime == .seconds(10))
    }

    @Test func aLineOf64KiBIsServed() async throws {
        try await SocketTestServer.with { server in
            let client = try server.client()
            try client.send(line(ofLength: 65_536) + "\n")
            #expect(try await client.answer() == SocketTestAnswer(id: 1, "echo"))
        }
    }

    @Test(arguments: [65_537, 65_536 * 4, 900_000])
    func anOverlongLineIsAnsweredAndTheConnectionEnds(length: Int) async throws {
        try await SocketTestServer.with { server in
            let client = try server.client()
            try client.call("hold", id: 7)
            try await server.handler.waitForHeld(1)
            try client.send(line(ofLength: length) + "\n" + line(ofLength: 100) + "\n")
            #expect(try await client.answer() == SocketTestAnswer(id: .null, "parse_error"))
            server.handler.release()
            #expect(try await client.answer() == SocketTestAnswer(id: 7, "held"))
            #expect(try await client.line() == nil)
            #expect(server.handler.methods == ["hold"])
        }
    }

    @Test func aLineWithoutEndIsCutOff() async throws {
        try await SocketTestServer.with { server in
            let client = try server.client()
            let end = #expect(throws: SocketTestClient.End.self) {
                for _ in 0..<1_000 { try client.send([UInt8](repeating: 0x20, count: 65_536)) }
            }
            #expect(end == .failed(EPIPE) || end == .failed(ECONNRESET))
        }
    }

    @Test func aLineThatIsBegunAndNotEndedIsClosedOn() async throws {
        try await SocketTestServer.with(limits: limits { $0.lineTime = .milliseconds(50) }) { server in
            let idle = try server.client()
            let slow = try server.client()
            try slow.send("{")
            #expect(try await slow.line() == nil)
            try idle.call("echo", id: 1)
            #expect(try await idle.answer() == SocketTestAnswer(id: 1, "echo"))
        }
    }

    @Test func aLineThatDripsIsClosedOn() async throws {
        try await SocketTestServer.with(limits: limits { $0.lineTime = .milliseconds(50) }) { server in
            let client = try server.client()
            // Each byte wakes the server; only the time since the line began counts.
            let end = #expect(throws: SocketTestClient.End.self) {
                while !client.isReadable(within: 1) { try client.send(" ") }
                _ = try client.send("\n")
                _ = try client.send("\n")
            }
            #expect(end == .failed(EPIPE))
        }
    }

    @Test func whatIsInFlightWhenALineRunsOutOfTimeIsAnswered() async throws {
        try await SocketTestServer.with(limits: limits { $0.lineTime = .milliseconds(20) }) { server in
            let client = try server.client()
            try client.call("hold", id: 1)
            try client.send("{")
            try await server.handler.waitForHeld(1)
            #expect(!client.isReadable(within: 100))
            server.handler.release()
            #expect(try await client.answer() == SocketTestAnswer(id: 1, "held"))
            #expect(try await client.line() == nil)
        }
    }

    @Test func the33rdRequestWaitsUntilOneIsAnswered() async throws {
        try await SocketTestServer.with { server in
            let client = try server.client()
            let other = try server.client()
            let lines = (1...33).flatMap { Request(id: .number(JSON.Number($0)), method: "hold").line }
            try client.send(lines)
            try await server.handler.waitForHeld(32)
            // All lines came in one read, and the server has gone on since.
            try other.call("echo", id: 1)
            #expect(try await other.answer() == SocketTestAnswer(id: 1, "echo"))
            #expect(server.handler.heldCount == 32)
            server.handler.release()
            try await server.handler.waitForHeld(32)
            #expect(server.handler.methods.count == 34)
        }
    }

    @Test func moreRequestsThanMayBeInFlightAreAllAnswered() async throws {
        try await SocketTestServer.with { server in
            let client = try server.client()
            for id in 1...500 { try client.call("later", id: Int64(id)) }
            var ids: Set<RequestID> = []
            for _ in 1...500 { ids.insert(try #require(try await client.answer()).id) }
            #expect(ids.count == 500)
        }
    }

    // Beside others answers are sent at the end of a turn of the loop.
    @Test(arguments: [0, 2])
    func aClientThatSendsMuchAndReadsLateGetsAllAnswers(others: Int) async throws {
        try await SocketTestServer.with { server in
            let others = try await server.clients(others)
            defer { for other in others { other.close() } }
            let client = try server.client()
            let sender = Thread { [socket = client.socket] in
                let lines = (1...2_000).flatMap { id in
                    Request(id: .number(JSON.Number(id)), method: "text", params: ["count": 5_000]).line
                }
                // Should it fail, answers are missing below.
                try? SocketTestClient.send(lines, to: socket)
            }
            sender.start()
            for id in 1...2_000 {
                #expect(try await client.answer()?.id == .number(JSON.Number(id)))
            }
        }
    }

    @Test func oneAnswerMayBeLargerThanWhatMayStayUnread() async throws {
        try await SocketTestServer.with { server in
            let client = try server.client()
            for id in 1...3 { try client.call("text", id: Int64(id), params: ["count": 1_200_000]) }
            for _ in 1...3 { #expect(try await client.line()?.utf8.count ?? 0 > 1_200_000) }
        }
    }

    @Test func aClientThatLeavesTooMuchUnreadIsClosedOn() async throws {
        try await SocketTestServer.with { server in
            let client = try server.client()
            for id in 1...32 { try client.call("hold", id: Int64(id)) }
            try await server.handler.waitForHeld(32)
            for _ in 1...32 { server.handler.release(.string(String(repeating: "x", count: 100_000))) }
            var count = 0
            do {
                while try await client.line() != nil { count += 1 }
            } catch SocketTestClient.End.failed(ECONNRESET) {
                // The rest of its requests was not read.
            }
            #expect((2..<20).contains(count))
        }
    }

    @Test func aClientThatNeverReadsIsClosedOn() async throws {
        try await SocketTestServer.with(limits: limits { $0.unreadTime = .milliseconds(100) }) { server in
            let client = try server.client()
            let other = try server.client()
            let end = #expect(throws: SocketTestClient.End.self) {
                while true { try client.call("text", id: 1, params: ["count": 5_000]) }
            }
            #expect(end == .failed(EPIPE) || end == .failed(ECONNRESET))
            try other.call("echo", id: 1)
            #expect(try await other.answer() == SocketTestAnswer(id: 1, "echo"))
        }
    }

    @Test func oneConnectionTooManyIsToldSoAndRoomIsMadeAgain() async throws {
        try await SocketTestServer.with(limits: limits { $0.connections = 2 }) { server in
            let first = try server.client()
            let second = try server.client()
            for client in [first, second] {
                try client.call("echo", id: 1)
                #expect(try await client.answer() == SocketTestAnswer(id: 1, "echo"))
            }
            let third = try server.client()
            #expect(try await third.answer() == SocketTestAnswer(id: .null, "overloaded"))
            #expect(try await third.line() == nil)
            try first.call("echo", id: 2)
            #expect(try await first.answer() == SocketTestAnswer(id: 2, "echo"))
            first.close()
            try await waitUntil("there is room again") {
                let fourth = try server.client()
                try fourth.call("echo", id: 3)
                return try await fourth.answer() == SocketTestAnswer(id: 3, "echo")
            }
        }
    }

    @Test func whoSendsALotAtOnceLeavesTheLoopToOthersInBetween() async throws {
        try await SocketTestServer.with { server in
            let (greedy, modest) = (try server.client(), try server.client())
            let requests = ["stall"] + Array(repeating: "echo", count: 100)
            try greedy.send(requests.flatMap { Request(id: 1, method: $0).line })
            try await waitUntil("the loop stalls") { server.handler.methods == ["stall"] }
            try modest.call("text", id: 1)
            server.handler.stall.signal()
            #expect(try await modest.answer() != nil)
            let begunBefore = try #require(server.handler.methods.firstIndex(of: "text"))
            #expect(begunBefore <= 2 * SocketLimits().requestsInOneTurn)
            for _ in requests { #expect(try await greedy.answer() != nil) }
        }
    }
}
