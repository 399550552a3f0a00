import ArgumentParser
import Dispatch
import Foundation
import NIOCore
import ServiceLifecycle

/// The command line of `quartile-sandbox`.
struct SandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quartile-sandbox",
        abstract: "A Quartile auth API on loopback, to try things against.",
        discussion: SandboxHelp.discussion,
        version: "0.1.0"
    )

    @Option(help: "The port; 0 lets the kernel choose a free one.")
    var port = 0

    @Option(help: "The address to listen on; loopback only.")
    var host = "127.0.0.1"

    @Option(help: "What becomes of a spent refresh token.")
    var mode = RotationMode.strict

    @Option(help: "How long access tokens live.")
    var accessLifetime = Seconds(12 * 3600, "12h")

    @Option(help: "How long refresh tokens live.")
    var refreshLifetime = Seconds(14 * 86400, "14d")

    @Option(help: "In the mode grace: how long a spent refresh token still works.")
    var grace = Seconds(30, "30s")

    @Option(help: "How the names in a token set are spelled.")
    var spelling = Spelling.snake

    @Option(help: "How long each answer is held back.")
    var latency = Seconds(0, "0s")

    @Option(help: "The account to log in with.")
    var username = "ada@example.com"

    @Option(help: "A file with the account's password. Without it the password is correct-horse-ada.")
    var passwordFile: String?

    @Option(help: "The subscription key that requests must carry, 32 letters and digits. Without it one is made up.")
    var requireSubscriptionKey: String?

    @Option(help: "Write username, password and key to this file, for quartilectl login --credentials.")
    var credentialsOut: String?

    /// Runs the program: parses the arguments, serves, and exits with one line on standard error where it can't.
    static func start() async {
        do {
            try await parse().run()
        } catch let failure as Failure {
            FileHandle.standardError.write(Data("quartile-sandbox: \(failure)\n".utf8))
            exit(withError: ExitCode.failure)
        } catch {
            exit(withError: error)
        }
    }

    func validate() throws {
        guard Loopback.contains(host) else {
            throw ValidationError("--host \(host) is not a loopback address; use 127.0.0.1, ::1 or localhost")
        }
        guard (0...65535).contains(port) else {
            throw ValidationError("--port \(port) is not a port; use 0 to 65535")
        }
        if let requireSubscriptionKey {
            do {
                _ = try SubscriptionKey.checked(requireSubscriptionKey)
            } catch let error as ControlError {
                throw ValidationError("--require-subscription-key: \(error.message)")
            }
        }
    }

    func run() async throws {
        let account = User(username: username, password: try password())
        var settings = SandboxSettings(subscriptionKey: requireSubscriptionKey ?? TokenMint.subscriptionKey())
        settings.mode = mode
        settings.accessLifetime = accessLifetime.value
        settings.refreshLifetime = refreshLifetime.value
        settings.grace = grace.value
        settings.latency = latency.value
        settings.shape.spelling = spelling
        let announcement = Announcement(host: host, account: account, subscriptionKey: settings.subscriptionKey)
        if let credentialsOut { try announcement.writeCredentials(to: credentialsOut) }
        let sandbox = Sandbox(settings: settings)
        await sandbox.update { $0.put(account) }
        let signals = ExitOnSignal()
        defer { signals.cancel() }
        do {
            try await SandboxServer.application(sandbox, host: host, port: port) { announcement.print(port: $0) }.run()
        } catch let error as IOError {
            let reason = String(cString: strerror(error.errnoCode))
            throw Failure("can't listen on \(host) port \(port): \(reason); choose another with --port, or 0 for any")
        }
    }

    private func password() throws -> String {
        guard let passwordFile else { return "correct-horse-ada" }
        guard let data = FileManager.default.contents(atPath: passwordFile) else {
            throw Failure("can't read --password-file \(passwordFile)")
        }
        let text = String(decoding: data, as: UTF8.self)
        let password = text.hasSuffix("\n") ? String(text.dropLast()) : text
        guard !password.isEmpty else { throw Failure("--password-file \(passwordFile) is empty") }
        return password
    }
}

/// An error that ends the program with one line.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// A duration on the command line, in seconds.
struct Seconds: ExpressibleByArgument {
    let value: Double
    let defaultValueDescription: String

    init(_ value: Double, _ text: String) {
        self.value = value
        defaultValueDescription = text
    }

    init?(argument: String) {
        guard let value = DurationText.seconds(argument) else { return nil }
        self.init(value, argument)
    }
}

extension RotationMode: ExpressibleByArgument {}
extension Spelling: ExpressibleByArgument {}
