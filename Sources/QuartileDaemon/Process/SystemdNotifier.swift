import Glibc
package import QuartileCore

/// Tells the service manager how the daemon is: the protocol of sd_notify(3), spoken without its library.
package struct SystemdNotifier: Sendable {
    /// What there is to tell.
    package enum State: Sendable, Hashable {
        /// The daemon is started: the store is open and the socket listens.
        case ready
        /// The daemon is ending.
        case stopping
        /// The daemon is alive, to be told at least every ``SystemdNotifier/watchdogInterval``.
        case watchdog
        /// One line about what it does, for `systemctl status`.
        case status(String)

        var line: String {
            switch self {
            case .ready: "READY=1"
            case .stopping: "STOPPING=1"
            case .watchdog: "WATCHDOG=1"
            // A line break would begin another assignment.
            case .status(let text): "STATUS=" + text.split(whereSeparator: \.isNewline).joined(separator: " ")
            }
        }
    }

    /// How often the manager must hear ``State/watchdog``: half of what it allows, as sd_watchdog_enabled(3) advises.
    /// Nil if it does not watch this process.
    package let watchdogInterval: Milliseconds?
    private let address: UnixAddress

    /// A notifier as the environment says, or nil where no service manager listens or its address is of another kind
    /// than a Unix socket.
    package init?(environment: [String: String], pid: Int32 = getpid()) {
        guard let name = environment["NOTIFY_SOCKET"], let address = SystemdNotifier.address(name) else { return nil }
        self.address = address
        watchdogInterval = SystemdNotifier.watchdogInterval(environment, pid: pid)
    }

    /// Sends `states` in one message. Does not wait: the manager's queue takes many. Returns why it failed, if it did,
    /// which is no reason for the daemon to end.
    @discardableResult
    package func send(_ states: State...) -> Errno? {
        let socket = Glibc.socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { return .last }
        defer { close(socket) }
        guard address.connect(socket) else { return .last }
        let message = Array(states.map(\.line).joined(separator: "\n").utf8)
        let flags = CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT)
        return Glibc.send(socket, message, message.count, flags) == message.count ? nil : .last
    }

    private static func address(_ name: String) -> UnixAddress? {
        if name.hasPrefix("/") { return try? UnixAddress(name) }
        // The rest of what systemd may give, `vsock:` for one, is for machines that run inside another.
        return name.hasPrefix("@") ? try? UnixAddress(abstract: String(name.dropFirst())) : nil
    }

    private static func watchdogInterval(_ environment: [String: String], pid: pid_t) -> Milliseconds? {
        guard let microseconds = environment["WATCHDOG_USEC"].flatMap({ Int64($0) }), microseconds > 0 else {
            return nil
        }
        if let watched = environment["WATCHDOG_PID"], pid_t(watched) != pid { return nil }
        return Milliseconds(max(1, microseconds / 2_000))
    }
}
