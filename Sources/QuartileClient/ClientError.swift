public import QuartileWire

internal import Glibc

/// Why a call gave no result.
public enum ClientError: Error, Hashable {
    /// The daemon answered with an error.
    case answered(WireError)
    /// Nothing listens at the socket.
    case noDaemon(SocketPath)
    /// This user may not connect to the socket.
    case noAccess(SocketPath)
    /// The connection ended before the answer, also when the call was repeated where that is harmless.
    ///
    /// A daemon closes on users it does not admit without a word: see whether `serverUserID`, who runs it, is another.
    case connectionLost(SocketPath, serverUserID: UInt32?)
    /// No answer came in the time given, in seconds.
    case timedOut(after: Double)
    /// The daemon said what the protocol does not allow or this version does not know.
    case violation(ProtocolViolation)
    /// A request of so many bytes is more than a line may have.
    case requestTooLong(byteCount: Int)
    /// The socket path given is empty.
    case emptySocketPath
    /// The socket path is longer than ``SocketPath/maximumLength``.
    case socketPathTooLong(String, SocketPath.Origin)
    /// No rule gives a socket path: see ``SocketPathRule``.
    case noSocketPath
    /// A system call failed for a reason that has nothing to do with the daemon.
    case system(call: String, errorNumber: Int32)
}

extension ClientError: CustomStringConvertible {
    /// One sentence for people, without a full stop. Never holds a secret.
    public var description: String {
        switch self {
        case .answered(let error):
            error.message
        case .noDaemon(let socket):
            "no daemon listens at \(socket.path)"
        case .noAccess(let socket):
            "this user may not connect to \(socket.path)"
        case .connectionLost(let socket, serverUserID: let server):
            if let server, server != getuid() {
                "the daemon at \(socket.path) (of uid \(server)) closed the connection: it does not admit this user"
            } else {
                "the connection to \(socket.path) ended before the answer"
            }
        case .timedOut(after: let seconds):
            "the daemon gave no answer in \(Int(min(seconds, 1e9).rounded())) s"
        case .violation(let violation):
            "the daemon does not speak this client's protocol: \(violation)"
        case .requestTooLong(byteCount: let count):
            "the request is \(count) bytes long, and \(LineFramer.maximumLineLength) are the most"
        case .emptySocketPath:
            "the socket path is empty"
        case .socketPathTooLong(let path, _):
            "the socket path is \(path.utf8.count) bytes long, and \(SocketPath.maximumLength) are the most: \(path)"
        case .noSocketPath:
            "there is no XDG_RUNTIME_DIR and no /run/user/\(getuid()) to look for the socket in: "
                + "give its path with --socket or QUARTILED_SOCKET"
        case .system(call: let call, errorNumber: let number):
            "\(call) failed: \(String(cString: strerror(number)))"
        }
    }
}
