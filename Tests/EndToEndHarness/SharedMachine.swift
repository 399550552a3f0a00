import Foundation
package import Glibc

/// A machine that several users share, as far as the programs under test can tell: a `/run` and lists of users and
/// groups of its own, in a mount namespace (mount_namespaces(7)). Nothing of it is left on the machine that runs the
/// test. Needs root.
package final class SharedMachine {
    /// A user who exists there and nowhere else.
    package struct User: Sendable {
        package let name: String
        package let uid: uid_t
        /// Further groups, by number.
        package var groups: [gid_t] = []

        package init(_ name: String, uid: uid_t, groups: [gid_t] = []) {
            self.name = name
            self.uid = uid
            self.groups = groups
        }

        /// Who runs the tests.
        package static let root = User("root", uid: 0)

        package var home: String { "/run/homes/\(name)" }
    }

    /// Whether there can be one here.
    package static let canRun: Bool =
        geteuid() == 0 && access("/usr/bin/nsenter", X_OK) == 0 && access("/usr/bin/setpriv", X_OK) == 0
        && unshareWorks()

    /// The group of a daemon that users share.
    package static let group: gid_t = 52_000

    private let namespace: ChildProcess
    private let socketPath = "/run/quartiled/quartiled.sock"

    /// Makes a machine with these users, each with an empty home.
    package init(_ users: [User]) async throws {
        let world = try World.current
        let passwd = try world.file("passwd", try Self.extended("/etc/passwd", by: users.map(Self.passwdLine)))
        let groups = try world.file(
            "group",
            try Self.extended(
                "/etc/group",
                by: users.map { "\($0.name):x:\($0.uid):" } + [Self.groupLine(users)]
            )
        )
        let programs = (try Program.quartiled.path as NSString).deletingLastPathComponent
        let homes = users.map { "mkdir -m 700 \($0.home) && chown \($0.uid):\($0.uid) \($0.home)" }
        let script =
            ([
                "mount -t tmpfs -o mode=0755 tmpfs /run",
                "chmod 0644 \(passwd) \(groups)",
                "mount --bind \(passwd) /etc/passwd",
                "mount --bind \(groups) /etc/group",
                "mkdir -m 755 /run/programs /run/homes",
                "mount --bind \(programs) /run/programs",
            ] + homes + ["echo ready", "exec sleep infinity"]).joined(separator: " && ")
        let namespace = try ChildProcess(
            "/usr/bin/unshare",
            ["--mount", "--propagation", "private", "/bin/sh", "-c", script],
            environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
        )
        try await eventually("the namespace", every: .milliseconds(5)) {
            if let end = namespace.end {
                throw Finished.Unexpected(description: "no namespace, \(end): \(namespace.errors)")
            }
            return namespace.output == "ready\n"
        }
        self.namespace = namespace
    }

    /// Starts a command as a user with as little in its environment as cron gives.
    package func start(
        _ command: [String],
        as user: User,
        environment changes: [String: String] = [:],
        input: ChildProcess.Stream = .path("/dev/null")
    ) throws -> ChildProcess {
        var environment = ["HOME": user.home, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"]
        environment["LD_LIBRARY_PATH"] = ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"]
        let groups =
            user.groups.isEmpty
            ? ["--clear-groups"] : ["--groups", user.groups.map(String.init).joined(separator: ",")]
        return try ChildProcess(
            "/usr/bin/nsenter",
            [
                "--mount", "--target", "\(namespace.pid)", "/usr/bin/setpriv", "--reuid=\(user.uid)",
                "--regid=\(user.uid)",
            ]
                + groups + ["--"] + command,
            environment: environment.merging(changes) { $1 },
            input: input
        )
    }

    /// Runs a command to its end.
    package func run(
        _ command: [String],
        as user: User,
        input: ChildProcess.Stream = .path("/dev/null")
    ) async throws -> Finished {
        let process = try start(command, as: user, input: input)
        return Finished(end: try await process.waitForEnd(), output: process.output, errors: process.errors)
    }

    /// Runs `quartilectl`, which nobody tells where the daemon is.
    package func ctl(
        _ arguments: String...,
        as user: User,
        input: ChildProcess.Stream = .path("/dev/null")
    ) async throws -> Finished {
        try await run([Self.path(.quartilectl)] + arguments, as: user, input: input)
    }

    /// Starts a daemon of `owner` at the place where clients look for one that is shared, and waits until it serves.
    package func startDaemon(of owner: User, configuration: String) async throws -> ChildProcess {
        // As a service manager makes it for a service with a user of its own.
        try await run(
            ["/bin/sh", "-c", "mkdir -m 700 /run/quartiled && chown \(owner.uid):\(owner.uid) /run/quartiled"],
            as: .root
        ).expect(0)
        return try await startDaemon(
            of: owner,
            configuration: configuration,
            starter: [],
            environment: ["QUARTILED_SOCKET": socketPath]
        )
    }

    /// Starts a daemon of `owner` with a socket that is open to ``group``, handed over as systemd does for the units in
    /// `packaging/systemd/system`, and waits until it serves.
    package func startDaemonWithSocket(of owner: User, configuration: String) async throws -> ChildProcess {
        let script = """
            use Socket; use POSIX;
            $^F = 255;
            mkdir('/run/quartiled', 0755) or die;
            socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die;
            umask(0777);
            bind($s, pack_sockaddr_un($ARGV[0])) or die;
            chown(0, $ARGV[1], $ARGV[0]) or die;
            chmod(0660, $ARGV[0]) or die;
            umask(0022);
            listen($s, 128) or die;
            POSIX::dup2(fileno($s), 3) or die;
            @ENV{'LISTEN_PID', 'LISTEN_FDS'} = ($$, 1);
            exec('/usr/bin/setpriv', "--reuid=$ARGV[2]", "--regid=$ARGV[2]", '--clear-groups', '--', @ARGV[3..$#ARGV]);
            """
        return try await startDaemon(
            of: owner,
            configuration: configuration,
            starter: ["/usr/bin/perl", "-e", script, socketPath, "\(Self.group)", "\(owner.uid)"],
            environment: ["HOME": owner.home]
        )
    }

    private func startDaemon(
        of owner: User,
        configuration: String,
        starter: [String],
        environment: [String: String]
    ) async throws -> ChildProcess {
        let config = "\(owner.home)/config.yaml"
        try await run(["/bin/sh", "-c", "umask 077 && cat >\(config)"], as: owner, input: .text(configuration)).expect(
            0
        )
        let daemon = try start(
            starter + [Self.path(.quartiled), "--config", config],
            as: starter.isEmpty ? owner : .root,
            environment: environment.merging(["QUARTILED_LOG_LEVEL": "trace"]) { $1 }
        )
        try await eventually("the daemon at \(socketPath)") {
            if let end = daemon.end {
                throw Finished.Unexpected(description: "quartiled ended with \(end): \(daemon.errors)")
            }
            return try await ctl("list", as: .root).end == .exit(0)
        }
        return daemon
    }

    /// What the daemon sends to a user who sends these lines, up to the end of the connection.
    package func exchange(_ lines: [String], as user: User) async throws -> String {
        let script = """
            use Socket;
            $SIG{PIPE} = 'IGNORE';
            socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die;
            connect($s, pack_sockaddr_un($ARGV[0])) or die "connect: $!";
            syswrite($s, join('', <STDIN>));
            shutdown($s, 1);
            print while (<$s>);
            """
        let input = lines.map { $0 + "\n" }.joined()
        let run = try await run(["/usr/bin/perl", "-e", script, socketPath], as: user, input: .text(input))
        return try run.expect(0).output
    }

    package static func path(_ program: Program) -> String { "/run/programs/\(program.rawValue)" }

    private static func passwdLine(_ user: User) -> String {
        "\(user.name):x:\(user.uid):\(user.uid)::\(user.home):/bin/sh"
    }

    private static func groupLine(_ users: [User]) -> String {
        let members = users.filter { $0.groups.contains(group) }.map(\.name).joined(separator: ",")
        return "quartiled-users:x:\(group):\(members)"
    }

    private static func extended(_ path: String, by lines: [String]) throws -> String {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        return text + lines.map { $0 + "\n" }.joined()
    }

    private static func unshareWorks() -> Bool {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/unshare")
        process.arguments = ["--mount", "--propagation", "private", "/bin/true"]
        process.standardError = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            return false
        }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
