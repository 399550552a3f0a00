import Glibc
import Testing

@testable import QuartileDaemon

@Suite struct SocketActivationTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func count(_ pid: String?, _ count: String?) throws -> Int {
        try SocketActivation.descriptorCount(pid: pid, count: count, ownPID: 42)
    }

    @Test func oneSocketForThisProcessIsTaken() throws {
        #expect(try count("42", "1") == 1)
    }

    @Test(arguments: [(nil, nil), ("42", nil), (nil, "1"), ("42", "0"), ("43", "1"), ("43", "2")])
    func whatIsForAnotherProcessOrNoneIsNot(pid: String?, number: String?) throws {
        #expect(try count(pid, number) == 0)
    }

    @Test(arguments: [("42", "2"), ("42", "-1"), ("42", "one"), ("me", "1"), ("", "")])
    func moreThanOneAndWhatIsNoNumberIsAnError(pid: String, number: String) {
        #expect(throws: ListeningSocketError.self) { try count(pid, number) }
    }

    @Test func aListeningSocketIsUsedAndItsFileStays() throws {
        let path = directory.file("socket")
        let descriptor = try #require(SocketTestServer.listeningSocket(at: path))
        defer { close(descriptor) }
        try #require(fcntl(descriptor, F_SETFD, 0) == 0)
        let listening = try SocketActivation.listeningSocket(descriptor)
        #expect(listening.descriptor == descriptor)
        #expect(listening.path == path)
        #expect(fcntl(descriptor, F_GETFD) == FD_CLOEXEC)
        listening.removeFile()
        #expect(access(path, F_OK) == 0)
        #expect(access(path + ".lock", F_OK) == -1)
    }

    @Test func anAbstractSocketIsNamedForPeople() throws {
        let name = "quartiled-test-\(getpid())"
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        try #require(try UnixAddress(abstract: name).bind(descriptor))
        try #require(listen(descriptor, 1) == 0)
        #expect(try SocketActivation.listeningSocket(descriptor).path == "@" + name)
    }

    @Test func whatIsNoListeningUnixStreamSocketIsRefused() throws {
        let unbound = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        let datagram = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0)
        let sequential = socket(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue), 0)
        let internet = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        let file = open(directory.path, O_RDONLY)
        let descriptors = [unbound, datagram, sequential, internet, file, -1]
        defer { for descriptor in descriptors { close(descriptor) } }
        try #require(listen(internet, 1) == 0)
        try #require(try UnixAddress(directory.file("packets")).bind(sequential) && listen(sequential, 1) == 0)
        for descriptor in descriptors {
            #expect(throws: ListeningSocketError.self) { try SocketActivation.listeningSocket(descriptor) }
        }
    }

    @Test func theVariablesAreUnsetOnceRead() async {
        await #expect(processExitsWith: .success) {
            setenv("LISTEN_PID", "\(getpid())", 1)
            setenv("LISTEN_FDS", "1", 1)
            setenv("LISTEN_FDNAMES", "quartiled.socket", 1)
            let directory = try TemporaryDirectory()
            let descriptor = try #require(SocketTestServer.listeningSocket(at: directory.file("socket")))
            #expect(try SocketActivation.take(first: descriptor)?.path == directory.file("socket"))
            for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { #expect(getenv(name) == nil) }
            #expect(try SocketActivation.take() == nil)
        }
    }
}
