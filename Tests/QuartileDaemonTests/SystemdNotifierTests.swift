import Glibc
import QuartileCore
import Testing

@testable import QuartileDaemon

@Suite struct SystemdNotifierTests {
    /// A service manager's end: a datagram socket.
    private struct Manager: ~Copyable {
        let socket = Glibc.socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)

        init(_ address: UnixAddress) throws {
            try #require(socket >= 0 && address.bind(socket))
        }

        deinit { close(socket) }

        /// The next message; nil if there is none. What was sent to a Unix socket is there at once.
        func message() -> String? {
            var buffer = [UInt8](repeating: 0, count: 4_096)
            let count = recv(socket, &buffer, buffer.count, CInt(MSG_DONTWAIT))
            return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
        }
    }

    @Test func statesArriveInOneMessage() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("notify")
        let manager = try Manager(UnixAddress(path))
        let notifier = try #require(SystemdNotifier(environment: ["NOTIFY_SOCKET": path]))
        #expect(notifier.send(.ready, .status("3 accounts\nREADY=0\r\nof 3")) == nil)
        #expect(manager.message() == "READY=1\nSTATUS=3 accounts READY=0 of 3")
        #expect(notifier.send(.stopping) == nil)
        #expect(manager.message() == "STOPPING=1")
        #expect(notifier.send(.watchdog) == nil)
        #expect(manager.message() == "WATCHDOG=1")
        #expect(manager.message() == nil)
    }

    @Test func anAbstractAddressIsReached() throws {
        let name = "quartiled-notify-\(getpid())"
        let manager = try Manager(UnixAddress(abstract: name))
        let notifier = try #require(SystemdNotifier(environment: ["NOTIFY_SOCKET": "@" + name]))
        #expect(notifier.send(.ready) == nil)
        #expect(manager.message() == "READY=1")
    }

    @Test(arguments: [[:], ["NOTIFY_SOCKET": ""], ["NOTIFY_SOCKET": "relative"], ["NOTIFY_SOCKET": "vsock:2:1234"]])
    func withNoManagerToReachThereIsNoNotifier(environment: [String: String]) {
        #expect(SystemdNotifier(environment: environment) == nil)
    }

    @Test func aManagerThatIsGoneIsReported() throws {
        let directory = try TemporaryDirectory()
        let notifier = try #require(SystemdNotifier(environment: ["NOTIFY_SOCKET": directory.file("absent")]))
        #expect(notifier.send(.ready) == Errno(ENOENT))
    }

    @Test(
        arguments: [
            ([:], nil),
            (["WATCHDOG_USEC": "30000000"], 15_000),
            (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "42"], 15_000),
            (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "43"], nil),
            (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "x"], nil),
            (["WATCHDOG_USEC": "0"], nil), (["WATCHDOG_USEC": "-1"], nil), (["WATCHDOG_USEC": "soon"], nil),
            (["WATCHDOG_USEC": "100"], 1),
        ] as [([String: String], Int64?)]
    )
    func theWatchdogIsHeardTwiceInTheTimeAllowed(environment: [String: String], milliseconds: Int64?) throws {
        let environment = environment.merging(["NOTIFY_SOCKET": "/run/x"]) { $1 }
        let notifier = try #require(SystemdNotifier(environment: environment, pid: 42))
        #expect(notifier.watchdogInterval == milliseconds.map { Milliseconds($0) })
    }
}
