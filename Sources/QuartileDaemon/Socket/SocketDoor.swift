import Glibc
import Logging
import NIOCore
import QuartileWire

/// Decides who is let in, before anything is read.
final class SocketDoor: Sendable {
    /// Why a connection is not served. Nobody needs telling beyond what the door did.
    private enum Refusal: Error {
        case notASocket
        case notAdmitted
        case full
    }

    private let handler: any RequestHandling
    private let limits: SocketLimits
    private let descriptorCeiling: CInt
    private let access: AccessPolicy
    private let table: NIOLoopBoundBox<ConnectionTable>
    private let logger: Logger

    init(
        handler: any RequestHandling,
        limits: SocketLimits,
        descriptorCeiling: CInt,
        access: AccessPolicy,
        table: NIOLoopBoundBox<ConnectionTable>,
        logger: Logger
    ) {
        self.handler = handler
        self.limits = limits
        self.descriptorCeiling = descriptorCeiling
        self.access = access
        self.table = table
        self.logger = logger
    }

    /// Sets up the listening channel.
    func install(in server: any Channel) throws {
        try server.pipeline.syncOperations.addHandler(AcceptPause(for: limits.acceptPause, logger: logger))
    }

    /// Sets up a connection that was accepted, or throws, upon which the channel is closed.
    func admit(_ channel: any Channel) throws {
        let caller = try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable {
            (socket: NIOBSDSocket.Handle) in
            try admit(socket)
        }
        guard let caller else { throw Refusal.notASocket }
        let connection = SocketConnection(caller: caller, handler: handler, limits: limits, table: table.value)
        try channel.pipeline.syncOperations.addHandler(connection)
    }

    private func admit(_ socket: CInt) throws -> Caller {
        // The event loop's library accepts without it, and a program that the daemon starts must not inherit clients.
        _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
        let peer = try PeerCredentials.ofPeer(of: socket).get()
        guard let role = access.role(of: peer.uid) else {
            logger.debug("turned a connection away", metadata: ["uid": "\(peer.uid)", "pid": "\(peer.pid)"])
            throw Refusal.notAdmitted
        }
        guard hasRoom(for: peer, role, at: socket) else {
            logger.debug("too many connections", metadata: ["pid": "\(peer.pid)"])
            sayOverloaded(on: socket)
            throw Refusal.full
        }
        return Caller(peer: peer, role: role, process: .ofPeer(of: socket, pid: peer.pid))
    }

    private func hasRoom(for peer: PeerCredentials, _ role: Role, at socket: CInt) -> Bool {
        let table = table.value
        let kept: Int
        switch role {
        case .owner: kept = 0
        case .listed:
            guard table.count(of: peer.uid) < limits.connectionsOfAListedUser else { return false }
            // What the owner has open of the share that is kept needs keeping no more.
            kept = max(0, min(limits.connectionsKeptForTheOwner, Int(descriptorCeiling) / 4) - table.countOfTheOwner)
        }
        return table.count < limits.connections - kept && Int(socket) < Int(descriptorCeiling) - kept
    }

    private func sayOverloaded(on socket: CInt) {
        let message = "the daemon has as many connections as it can serve; end one, or try again later"
        let line = Response(id: .null, error: WireError(.overloaded, message)).line
        // Into an empty buffer it goes whole; a client that has gone away needs no answer.
        _ = send(socket, line, line.count, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT))
        _ = shutdown(socket, CInt(SHUT_WR))
        // What the client sent already would reach it as a reset if it stayed unread.
        var unread = [UInt8](repeating: 0, count: limits.lineLength)
        _ = recv(socket, &unread, unread.count, CInt(MSG_DONTWAIT))
    }
}
