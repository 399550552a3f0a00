import Foundation
import Glibc
import QuartileWire
import Testing

@testable import QuartileDaemon

/// Needs root, to be somebody else for a moment, and perl, which every Debian has.
@Suite(.enabled(if: geteuid() == 0 && access("/usr/bin/perl", X_OK) == 0))
struct SocketPeerTests {
    /// What a process of `uid` reads after it connected and sent a request.
    private func answer(to uid: uid_t, at path: String) throws -> String {
        let script = """
            use Socket;
            $) = "$ARGV[0] $ARGV[0]"; $> = $ARGV[0];
            $SIG{PIPE} = 'IGNORE';
            socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die;
            connect($s, pack_sockaddr_un($ARGV[1])) or die "connect: $!";
            syswrite($s, '{"jsonrpc":"2.0","id":1,"method":"echo"}' . "\\n");
            shutdown($s, 1);
            print while (<$s>);
            """
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/perl")
        process.arguments = ["-e", script, "\(uid)", path]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        return String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    }

    @Test func theOwnerRootAndListedUsersAreServedAndOthersClosedOnWithNothingSaid() async throws {
        var settings = AccessSettings()
        settings.users = [12_347, PeerCredentials.overflowUID]
        try await SocketTestServer.with(access: AccessPolicy(owner: 12_345, settings: settings)) { server in
            // The directory and the socket would keep others away before the door does.
            try #require(chmod(PrivateFiles.parent(of: server.path), 0o755) == 0 && chmod(server.path, 0o666) == 0)
            #expect(try answer(to: 12_345, at: server.path).contains("echo"))
            #expect(try answer(to: 0, at: server.path).contains("echo"))
            #expect(server.handler.lastCaller?.peer.uid == 0)
            #expect(server.handler.lastCaller?.role == .owner)
            #expect(try answer(to: 12_347, at: server.path).contains("echo"))
            #expect(server.handler.lastCaller?.role == .listed)
            for uid: uid_t in [12_346, 65_534] {
                #expect(try answer(to: uid, at: server.path) == "")
            }
            #expect(server.handler.methods.count == 3)
        }
    }
}
