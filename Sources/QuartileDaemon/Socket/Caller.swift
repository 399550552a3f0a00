/// Who is at the other end of one connection, and in which role.
package final class Caller: Sendable {
    /// The kernel's word.
    package let peer: PeerCredentials
    /// What this user may do here.
    package let role: Role
    /// The process, as it was when the connection was accepted.
    package let process: PeerProcess

    /// A caller as given.
    package init(peer: PeerCredentials, role: Role, process: PeerProcess) {
        self.peer = peer
        self.role = role
        self.process = process
    }
}
