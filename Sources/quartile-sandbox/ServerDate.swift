import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Puts the server's skewed time into `Date`.
///
/// Hummingbird writes its own `Date` after the responder has run, so the responder leaves the time in a header of its
/// own, and this handler moves it where it belongs.
final class ServerDateHandler: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        var part = unwrapOutboundIn(data)
        if case .head(var head) = part, let date = head.headerFields[.serverDate] {
            head.headerFields[.serverDate] = nil
            head.headerFields[.date] = date
            part = .head(head)
        }
        context.write(wrapOutboundOut(part), promise: promise)
    }
}

extension HTTPField.Name {
    /// Carries the server's time from the responder to `ServerDateHandler`; never leaves the process.
    static let serverDate = HTTPField.Name("x-sandbox-date") ?? .date
}
