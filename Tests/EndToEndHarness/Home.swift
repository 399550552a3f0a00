import Foundation
package import Glibc

/// The directories of a user of one's own, and how programs run there: with an environment that knows them and little
/// else.
package struct Home: Sendable {
    package let directory: String

    /// Makes a new user's empty home.
    package init() throws {
        directory = try World.current.newPath("home")
        for path in [directory, runtime] { try makeDirectory(path) }
    }

    package var runtime: String { directory + "/run" }
    package var socket: String { runtime + "/quartiled/quartiled.sock" }
    package var state: String { directory + "/state" }
    package var database: String { state + "/quartiled/quartiled.db" }
    package var configuration: String { directory + "/config/quartiled/config.yaml" }
    package var key: String { directory + "/data/quartiled/key" }

    /// What every program of this user is started with.
    package var environment: [String: String] {
        var environment = [
            "HOME": directory,
            "XDG_RUNTIME_DIR": runtime,
            "XDG_STATE_HOME": state,
            "XDG_CONFIG_HOME": directory + "/config",
            "XDG_DATA_HOME": directory + "/data",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
        ]
        // Where a tool chain needs it to find its own libraries.
        environment["LD_LIBRARY_PATH"] = ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"]
        return environment
    }

    /// Writes the configuration file.
    package func configure(_ yaml: String) throws {
        try FileManager.default.createDirectory(
            atPath: (configuration as NSString).deletingLastPathComponent,
            withIntermediateDirectories: true
        )
        try Data(yaml.utf8).write(to: URL(filePath: configuration))
    }

    /// Starts a program as this user.
    package func start(
        _ program: Program,
        _ arguments: [String] = [],
        environment changes: [String: String?] = [:],
        input: ChildProcess.Stream = .path("/dev/null"),
        output: ChildProcess.Stream = .captured,
        errors: ChildProcess.Stream = .captured
    ) throws -> ChildProcess {
        var environment = environment
        for (name, value) in changes { environment[name] = value }
        return try ChildProcess(
            try program.path,
            arguments,
            environment: environment,
            input: input,
            output: output,
            errors: errors
        )
    }

    /// Runs a program to its end.
    package func run(
        _ program: Program,
        _ arguments: [String] = [],
        environment: [String: String?] = [:],
        input: ChildProcess.Stream = .path("/dev/null"),
        output: ChildProcess.Stream = .captured,
        within limit: Duration = patience
    ) async throws -> Finished {
        let process = try start(program, arguments, environment: environment, input: input, output: output)
        return Finished(
            end: try await process.waitForEnd(within: limit),
            output: process.output,
            errors: process.errors
        )
    }

    /// Runs `quartilectl` to its end.
    package func ctl(_ arguments: String..., input: ChildProcess.Stream = .path("/dev/null")) async throws -> Finished {
        try await run(.quartilectl, arguments, input: input)
    }

    /// Logs an account in with the sandbox's credentials.
    @discardableResult
    package func logIn(
        _ account: String,
        to sandbox: Sandbox,
        _ more: String...,
        expecting code: Int32 = 0
    ) async throws -> Finished {
        let credentials = try World.current.file("credentials", sandbox.credentials.text)
        let arguments =
            ["login", "--account", account, "--base-url", sandbox.url, "--credentials", credentials] + more
        return try await run(.quartilectl, arguments).expect(code)
    }

    /// The token object of an account.
    package func token(_ account: String) async throws -> JSON {
        try JSON(try await ctl("get-token", "--account", account, "--format", "json").expect(0).output)
    }

    /// What `status` says of an account.
    package func account(_ name: String) async throws -> JSON {
        let status = try JSON(try await ctl("status", "--account", name, "--json").expect(0).output)
        return try present(status["accounts"]?[0], "the account in \(status.text)")
    }

    /// Waits until `status` says that an account is in this state, and returns the account.
    @discardableResult
    package func waitUntil(_ name: String, is state: String) async throws -> JSON {
        try await eventually("\(name) \(state)", every: .milliseconds(50)) {
            let account = try await account(name)
            return account["state"]?.string == state ? account : nil
        }
    }
}

/// A program's run that is over.
package struct Finished: Sendable {
    package let end: ChildProcess.End
    package let output: String
    package let errors: String

    package init(end: ChildProcess.End, output: String, errors: String) {
        self.end = end
        self.output = output
        self.errors = errors
    }

    package struct Unexpected: Error, CustomStringConvertible {
        package let description: String

        package init(description: String) { self.description = description }
    }

    /// Itself, if it exited with this code. Throws otherwise, and says what the program said.
    @discardableResult
    package func expect(_ code: Int32) throws -> Finished {
        guard end == .exit(code) else {
            throw Unexpected(description: "ended with \(end), not \(code): \(errors)")
        }
        return self
    }
}

/// Makes a directory that nobody else may enter.
package func makeDirectory(_ path: String) throws {
    guard mkdir(path, 0o700) == 0 else { throw SystemError("mkdir \(path)") }
}

/// The permissions of a file or directory, as in `0o600`.
package func permissions(_ path: String) throws -> mode_t {
    var status = stat()
    guard lstat(path, &status) == 0 else { throw SystemError("stat \(path)") }
    return status.st_mode & 0o7777
}

/// The value, if there is one. Throws otherwise, and says what is missing.
package func present<Value>(_ value: Value?, _ what: String) throws -> Value {
    guard let value else { throw TimedOut(description: "missing: \(what)") }
    return value
}
