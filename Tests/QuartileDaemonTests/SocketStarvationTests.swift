import Glibc
import Logging
import NIOCore
import NIOPosix
import QuartileWire
import Synchronization
import Testing

@testable import QuartileDaemon

@Suite struct SocketStarvationTests {
    @Test func whileNothingCanBeAcceptedTheListeningChannelIsSilent() async throws {
        try await withStarvedServer(pause: .hours(1)) { server, path, accepted in
            let client = try SocketTestClient(path)
            // The loop looks at its sockets between two rounds.
            for _ in 1...20 { try await server.eventLoop.submit {}.get() }
            #expect(accepted() == 0)
            client.close()
        }
    }

    @Test func afterThePauseClientsAreAccepted() async throws {
        try await withStarvedServer(pause: .milliseconds(1)) { _, path, accepted in
            let client = try SocketTestClient(path)
            try await waitUntil("the client is accepted") { accepted() == 1 }
            client.close()
        }
    }

    /// A listening channel that waits for clients, as it does also after an attempt that failed, and then fails.
    private func withStarvedServer(
        pause: TimeAmount,
        _ body: (_ server: any Channel, _ path: String, _ accepted: () -> Int) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory()
        let accepted = Atomic(0)
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let socket = try #require(SocketTestServer.listeningSocket(at: directory.file("socket")))
        let server = try await ServerBootstrap(group: loops)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pause = AcceptPause(for: pause, logger: SocketTestServer.silentLogger)
                    try channel.pipeline.syncOperations.addHandler(pause)
                }
            }
            .childChannelInitializer { channel in
                accepted.add(1, ordering: .relaxed)
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            .withBoundSocket(socket).get()
        try await server.eventLoop.submit {
            server.pipeline.fireErrorCaught(IOError(errnoCode: EMFILE, reason: "accept"))
        }.get()
        try await body(server, directory.file("socket")) { accepted.load(ordering: .relaxed) }
        try await server.close()
        try await loops.shutdownGracefully()
    }

    @Test func with64DescriptorsSomeOf200ClientsAreServedAndTheOthersToldWhy() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("socket")
        async let server: Void = SocketStarvationTests.serve(at: path)
        try await waitUntil("the server listens") { (try? SocketTestClient(path)) != nil }

        var clients: [SocketTestClient] = []
        for id in 1...200 {
            let client = try SocketTestClient(path)
            clients.append(client)
            try client.call("echo", id: Int64(id))
        }
        var contents: [String: Int] = [:]
        for client in clients {
            contents[try #require(try await client.answer()).content, default: 0] += 1
        }
        #expect(Set(contents.keys) == ["echo", "overloaded"])

        clients = []
        try await waitUntil("there is room again") {
            let client = try SocketTestClient(path)
            try client.call("stop", id: 1)
            return try await client.answer() == SocketTestAnswer(id: 1, "method_not_found")
        }
        await server
    }

    /// Serves in a process of its own, with 64 descriptors, until somebody calls `stop`.
    private static func serve(at path: String) async {
        await #expect(processExitsWith: .success) { [path] in
            var limit = rlimit(rlim_cur: 64, rlim_max: 64)
            try #require(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
            try await SocketTestServer.with(path: path) { server in
                try await waitUntil("somebody calls stop") { server.handler.methods.contains("stop") }
            }
        }
    }
}
