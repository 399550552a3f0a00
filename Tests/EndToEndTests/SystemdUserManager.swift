import EndToEndHarness
import Foundation

/// A `systemd --user` that the test starts, for a user who has installed the programs and units as the README says.
struct SystemdUserManager {
    /// Whether one can be started: it only runs where systemd seems to have booted the machine, and root can make it
    /// seem so.
    static var canRun: Bool { access(program, X_OK) == 0 && (access(bootMark, F_OK) == 0 || geteuid() == 0) }

    private static let program = "/lib/systemd/systemd"
    private static let bootMark = "/run/systemd/system"

    let home: Home
    private let process: ChildProcess

    /// Starts one, has `body` use it, and ends it with all that it runs. One at a time, whoever runs tests: they name
    /// the control groups of their services alike, and so would kill each other's.
    static func with(_ body: (SystemdUserManager) async throws -> Void) async throws {
        let lock = open(program, O_RDONLY | O_CLOEXEC)
        guard lock >= 0 else { throw SystemError("open \(program)") }
        defer { close(lock) }
        try await eventually("the end of another systemd --user") { flock(lock, LOCK_EX | LOCK_NB) == 0 }
        let manager = try await SystemdUserManager()
        do {
            try await body(manager)
        } catch {
            await manager.end()
            throw error
        }
        await manager.end()
    }

    private init() async throws {
        try FileManager.default.createDirectory(atPath: Self.bootMark, withIntermediateDirectories: true)
        home = try Home()
        try Self.install(in: home)
        // Not the default target: that would start what else this machine has for its users.
        // Root could mount, and so would the manager where it puts credentials; no service sees that unless systemd has
        // booted the machine. A user can't.
        let asUser = geteuid() == 0 ? ["/usr/bin/setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"] : []
        let command = asUser + [Self.program, "--user", "--unit=basic.target"]
        process = try ChildProcess(command[0], Array(command.dropFirst()), environment: home.environment)
        let (process, home) = (process, home)
        try await eventually("systemd --user") {
            if let end = process.end {
                throw Finished.Unexpected(description: "systemd --user ended with \(end): \(process.errors)")
            }
            return access(home.runtime + "/systemd/private", F_OK) == 0
        }
        // It may say "degraded": a unit of this machine's own may have failed.
        _ = try await run("is-system-running", "--wait")
    }

    private func end() async {
        process.signal(SIGTERM)
        // Also in a test that was cancelled: what it runs would outlive it.
        while process.end == nil { await Task.yield() }
    }

    /// Runs `systemctl --user` to its end.
    func run(_ arguments: String...) async throws -> Finished { try await run(arguments) }

    /// Runs `systemctl --user`, which must succeed, and returns what it says.
    @discardableResult
    func systemctl(_ arguments: String...) async throws -> String {
        try await run(arguments).expect(0).output.trimmingCharacters(in: .newlines)
    }

    /// A property of the service.
    func service(_ property: String) async throws -> String {
        try await systemctl("show", "--property", property, "--value", "quartiled.service")
    }

    /// Installs a further unit.
    func install(_ unit: String, _ text: String) throws {
        try text.write(toFile: "\(home.directory)/config/systemd/user/\(unit)", atomically: true, encoding: .utf8)
    }

    private func run(_ arguments: [String]) async throws -> Finished {
        let process = try ChildProcess("/bin/systemctl", ["--user"] + arguments, environment: home.environment)
        return Finished(end: try await process.waitForEnd(), output: process.output, errors: process.errors)
    }

    private static func install(in home: Home) throws {
        let programs = home.directory + "/.local/bin"
        let units = home.directory + "/config/systemd/user"
        let files = FileManager.default
        for directory in [programs, units] {
            try files.createDirectory(atPath: directory, withIntermediateDirectories: true)
        }
        try files.createSymbolicLink(atPath: programs + "/quartiled", withDestinationPath: try Program.quartiled.path)
        for unit in ["quartiled.service", "quartiled.socket"] {
            try files.copyItem(atPath: Repository.path("packaging/systemd/user/\(unit)"), toPath: "\(units)/\(unit)")
        }
    }
}

/// The files that tests are about, beside the programs.
enum Repository {
    /// The absolute path of one, given from the top level.
    static func path(_ path: String) -> String {
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../\(path)").standardized.path
    }
}
