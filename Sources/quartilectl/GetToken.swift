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
            let token = try client.getTokenJSON(params)
            do throws(ProtocolViolation) {
                return try options.format.text(token)
            } catch {
                throw .violation(error)
            }
        }
        try StandardOutput.write(text)
    }
}
