import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTPTypes
import Glibc

/// Carries one exchange: takes the request to the sandbox, waits as told, and sends the answer in the way told.
struct Carrier: Sendable {
    let sandbox: Sandbox

    /// How often a held call looks whether it may go on.
    private static let holdInterval = Duration.milliseconds(20)
    /// Where a body that is said to be endless ends after all.
    private static let endlessLimit = 64 << 20

    /// The response to one request.
    func carry(_ request: AuthRequest, on channel: any Channel) async throws -> Response {
        let ticket = await sandbox.arrive(request, now: SystemClock.now())
        try await wait(ticket.hold)
        let reply = try await sandbox.process(ticket, now: SystemClock.now())
        for hold in reply.holds { try await wait(hold) }
        return try await send(reply, on: channel)
    }

    private func wait(_ hold: Sandbox.Hold) async throws {
        switch hold {
        case .none:
            return
        case .seconds(let seconds):
            try await Task.sleep(for: .seconds(seconds))
        case .untilCleared(let fault):
            while await sandbox.holds(fault) { try await Task.sleep(for: Carrier.holdInterval) }
        }
    }

    private func send(_ reply: Sandbox.Reply, on channel: any Channel) async throws -> Response {
        let bytes = reply.answer.body
        switch reply.delivery {
        case .whole:
            return response(reply, ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        case .reset:
            // With a linger time of zero, close() sends RST instead of FIN (socket(7)).
            let provider = channel as? any SocketOptionProvider
            try await provider?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
            try await channel.close()
            return response(reply, ResponseBody())
        case .close:
            try await channel.close()
            return response(reply, ResponseBody())
        case .truncated(let limit):
            let kept = min(limit ?? bytes.count / 2, bytes.count)
            return response(
                reply,
                ResponseBody(contentLength: bytes.count) { _ in
                    try await push(bytes.prefix(kept), on: channel)
                    throw BrokenOff()
                }
            )
        case .dripping(let interval):
            return response(
                reply,
                ResponseBody(contentLength: bytes.count) { writer in
                    for byte in bytes {
                        try await writer.write(ByteBuffer(bytes: [byte]))
                        try await Task.sleep(for: .seconds(interval))
                    }
                    try await writer.finish(nil)
                }
            )
        case .endless:
            return response(reply, endlessBody(from: bytes, on: channel))
        }
    }

    private func endlessBody(from bytes: [UInt8], on channel: any Channel) -> ResponseBody {
        ResponseBody { _ in
            // Sound JSON as far as it goes: an object that never closes.
            try await push(bytes.dropLast() + Array(#","filling":""#.utf8), on: channel)
            let filling = [UInt8](repeating: UInt8(ascii: "x"), count: 64 << 10)
            for _ in 0..<(Carrier.endlessLimit / filling.count) { try await push(filling, on: channel) }
            throw BrokenOff()
        }
    }

    /// Writes a piece of a body and returns once the kernel has it. The body writer only queues, and what is queued is
    /// lost when the body then breaks off.
    private func push(_ bytes: some Sequence<UInt8>, on channel: any Channel) async throws {
        try await channel.writeAndFlush(HTTPResponsePart.body(ByteBuffer(bytes: bytes)))
    }

    private func response(_ reply: Sandbox.Reply, _ body: ResponseBody) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = reply.answer.contentType
        headers[.serverDate] = CivilTime.httpDate(reply.serverTime)
        for header in reply.answer.headers {
            // Names that HTTP does not know can't be sent, whoever asks for them.
            if let name = HTTPField.Name(header.name) { headers[name] = header.value }
        }
        return Response(status: .init(code: reply.answer.status), headers: headers, body: body)
    }
}

/// Thrown while a body is being written, to end the connection in the middle of it.
struct BrokenOff: Error {}
