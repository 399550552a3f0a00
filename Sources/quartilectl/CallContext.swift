internal import QuartileClient
internal import QuartileWire

/// What a call was made for, which decides what helps when it fails.
struct CallContext {
    /// The command's name, such as `get-token`.
    var command: String
    /// The account, where there is one.
    var account: String?
    /// The socket path, if it was given on the command line: a remedy must speak to the same daemon.
    var givenSocket: String?
    /// The command that makes an account which is not there yet: until it is, no other knows it.
    var again: String?
    /// For times in messages.
    var clock: Clock

    /// A command that can be run as it stands: `quartilectl COMMAND --account x --socket PATH`.
    func remedy(_ command: String, account: String? = nil) -> String {
        remedy(command, account: account, options: [])
    }

    /// The same with options, of which those without a value are left out.
    func remedy(_ command: String, account: String?, options: [(String, String?)]) -> String {
        var words = ["quartilectl", command]
        if let account { words += ["--account", account] }
        for (option, value) in options {
            if let value { words += [option, Shell.quoted(value)] }
        }
        if let givenSocket { words += ["--socket", Shell.quoted(givenSocket)] }
        return words.joined(separator: " ")
    }

    /// Says what a failed call means to the person at the terminal.
    func failure(_ error: ClientError) -> Failure {
        switch error {
        case .answered(let error):
            return failure(error)
        case .noDaemon(let socket):
            return Failure(error.description, remedy: start(socket), exitCode: ExitStatus.unavailable)
        case .noAccess:
            return Failure(error.description, exitCode: ExitStatus.noPermission)
        case .connectionLost(_, serverUserID: let server):
            if let server, server != Surroundings.process.userID {
                return Failure(error.description, exitCode: ExitStatus.noPermission)
            }
            return Failure(error.description, remedy: remedy("status"), exitCode: ExitStatus.temporary)
        case .timedOut:
            return Failure(error.description, remedy: remedy("status"), exitCode: ExitStatus.temporary)
        case .violation:
            return Failure(error.description, remedy: Self.restart, exitCode: ExitStatus.violation)
        case .requestTooLong, .emptySocketPath, .socketPathTooLong(_, .given):
            return .usage(error.description)
        case .socketPathTooLong:
            return Failure(
                error.description + " (give a shorter one with --socket)",
                exitCode: ExitStatus.configuration
            )
        case .noSocketPath:
            return Failure(error.description, exitCode: ExitStatus.unavailable)
        case .system:
            return Failure(error.description, exitCode: ExitStatus.software)
        }
    }

    private func failure(_ error: WireError) -> Failure {
        var message = error.message
        if let retryAt = error.retryAt {
            if message.hasSuffix(".") { message.removeLast() }
            message += (message.hasSuffix("?") ? " next try " : ", next try ") + clock.relative(retryAt)
        }
        var failure = Failure(message, remedy: remedy(for: error), exitCode: error.code.exitCode)
        if let again, failure.remedy == again, error.code != .upstreamRejected {
            failure.condition = "once that is mended"
        }
        return failure
    }

    /// What helps: the daemon knows best where it says so.
    private func remedy(for error: WireError) -> String? {
        guard let named = error.details["remedy"]?.string else { return remedy(for: error.code) }
        return givenSocket.map { "\(named) --socket \(Shell.quoted($0))" } ?? named
    }

    private func remedy(for code: ErrorCode) -> String? {
        switch code {
        case .parseError, .invalidRequest, .permissionDenied, .overloaded: nil
        case .methodNotFound: Self.restart
        case .invalidParams: "quartilectl \(command) --help"
        case .internalError: "journalctl --user -u quartiled -n 50"
        case .accountNotFound: remedy("list")
        case .loginRequired: remedy("login", account: account)
        case .upstreamUnavailable, .timeout: again ?? remedy("status", account: account)
        case .upstreamRejected: again ?? remedy(command == "login" ? "login" : "update", account: account)
        case .storageFailed: remedy("status")
        case .keyUnusable: remedy("key status")
        case .keyNotReady: remedy("key rotate")
        }
    }

    /// For a daemon of another version than this program.
    private static let restart = "systemctl --user restart quartiled"

    private func start(_ socket: SocketPath) -> String {
        switch socket.origin {
        case .given, .environment: "quartiled --socket \(Shell.quoted(socket.path))"
        case .runtimeDirectory: "systemctl --user start quartiled.socket (or, without systemd: quartiled)"
        case .shared: "systemctl start quartiled.socket"
        }
    }
}
