package import NIOCore
import QuartileWire

/// What one client, or all of them, may take of the daemon. Beyond it there is an error or a close, and everybody else
/// is served as before.
package struct SocketLimits: Sendable {
    /// Connections at a time, 2,048: a machine full of programs that each keep one open, at some 5 KiB each.
    /// One more gets `overloaded` and is closed.
    package var connections = 2_048
    /// Of these, those of one user in `access.users`, 512: whom the owner lets in can't keep the others out.
    package var connectionsOfAListedUser = 512
    /// Of these, those that are kept for the owner and root, 512: four users in `access.users` with their whole share can't
    /// keep out who has to stop them. Where descriptors are short, a quarter of them.
    package var connectionsKeptForTheOwner = 512
    /// Bytes of a line without its `\n`: see ``LineFramer/maximumLineLength``.
    package var lineLength = LineFramer.maximumLineLength
    /// For a line that has begun, 5 s: a program writes its request at once, even on a machine that is short of
    /// everything; who is slower by design would hold memory.
    package var lineTime = TimeAmount.seconds(5)
    /// Requests of one connection that have no answer yet, 32. The next is not read until one is answered, so that
    /// one client's queue is its own and not ours. Entries of a batch count one by one.
    package var requestsInFlight = 32
    /// Requests of one connection that are begun in one go, 16, and how long the others then have the loop to themselves,
    /// 1 ms: those that are answered from memory are never in flight, and a hundred clients that send them by the
    /// thousand would otherwise keep everybody waiting until they are done. A client that is alone never pauses.
    package var requestsInOneTurn = 16
    package var turnPause = TimeAmount.milliseconds(1)
    /// Bytes of answers that one client has not taken, 1 MiB, beyond which its connection is closed. One answer may be
    /// larger: this is looked at before each.
    package var unreadAnswers = 1_048_576
    /// From this many bytes of answers not taken, 32 KiB, no further request is begun, so that who sends much and reads
    /// late is slowed down before it is cut off, and takes little memory. Beside it stand some 200 KiB that the kernel
    /// holds.
    package var unreadAnswersToPause = 32_768
    /// How long a client with so many unread answers may take none of them, 10 s: it is not coming back.
    package var unreadTime = TimeAmount.seconds(10)
    /// For requests in flight when the daemon is told to stop, 10 s: less than any service manager waits.
    package var drainTime = TimeAmount.seconds(10)
    /// Bytes that are read of a client at once, 2 KiB: more requests than are begun in one turn, and each connection keeps
    /// a buffer of this size.
    package var readLength = 2_048
    /// How long no connection is accepted after descriptors ran out, 200 ms: five attempts a second cost nothing, and
    /// a client is served again well within a second.
    package var acceptPause = TimeAmount.milliseconds(200)
    /// Connections that may wait to be accepted, 4,096: a thousand clients that start in the same moment must find
    /// room. The kernel lowers it to `net.core.somaxconn`, which is 4,096 where nobody changed it.
    package var backlog: CInt = 4_096

    /// The limits as they are documented.
    package init() {}
}
