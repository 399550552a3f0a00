internal import Glibc
internal import QuartileClient
internal import QuartileWire

/// `get-token`, however its options were read.
enum GetToken {
    /// What the command line says.
    struct Options: Equatable {
        var socket: String?
        var account: String?
        var minValid: Seconds?
        var maxWait: Seconds?
        var format = TokenFormat.raw
    }

    static let command = "get-token"

    /// Gets a token and writes it.
    static func run(_ options: Options) throws(Failure) {
        var session = try Session(command: command, socket: options.socket)
        let params = GetTokenParams(
            account: try session.account(options.account),
            minValid: options.minValid?.value,
            maxWait: options.maxWait?.value
        )
        let text = try session.call { client throws(ClientError) in
            let token = try client.getTokenJSON(params) { token in writePlainly(token, options.format) }
            do throws(ProtocolViolation) {
                return try options.format.text(token)
            } catch {
                throw .violation(error)
            }
        }
        try StandardOutput.write(text)
    }

    /// Writes a token and ends the process, where the format is for that. Nothing is given back before the end: the kernel
    /// does so anyway, and it would take types that the Swift runtime has to put together.
    private static func writePlainly(_ token: PlainToken, _ format: TokenFormat) {
        withUnsafeTemporaryAllocation(byteCount: TokenFormat.size(of: token), alignment: 1) { memory in
            var text = FixedBuffer(memory)
            guard format.write(token, to: &text) else { return }
            _exit(
                Program.reportingFailure { () throws(Failure) in
                    try StandardOutput.write(text.bytes)
                    return 0
                }
            )
        }
    }
}
