import EndToEndHarness
import Foundation

/// The C server, which says one line and nothing else.
struct FloorServer {
    let target: Target

    /// Starts one that answers as the daemon does.
    init(_ bench: Bench, answering answer: String, request: String) async throws {
        let world = try World.current
        let socket = world.newPath("floor")
        let process = try ChildProcess(
            bench.tool("floor-server"),
            [socket, try world.file("answer", answer + "\n")],
            environment: [:]
        )
        try await eventually("the floor's server", every: .milliseconds(5)) {
            if let end = process.end {
                throw Finished.Unexpected(description: "floor-server ended with \(end): \(process.errors)")
            }
            return FileManager.default.fileExists(atPath: socket)
        }
        target = Target(socket: socket, requests: try world.file("requests", request + "\n"), process: process)
    }
}

/// A daemon and the floor, side by side.
struct Opponents {
    let subject: Subject
    let own: Target
    let floor: Target

    /// Starts both on the core of the servers.
    init(_ bench: Bench) async throws {
        subject = try await Subject(accounts: bench.plan.fewAccounts)
        own = try subject.target()
        let request = Subject.request(for: subject.accounts[0])
        floor = try await FloorServer(bench, answering: try await subject.answer(), request: request).target
        for target in [own, floor] { try await bench.cores.pin(target.process) }
    }
}
