import EndToEndHarness
import Foundation
import Glibc
import Testing

/// What secrets are given to, and everything that comes out of it, place by place.
final class LeakGround {
    /// A secret in a place where it should not be.
    struct Leak: Hashable, CustomStringConvertible {
        let place: String
        let secret: String
        let spelling: LeakSpelling

        var description: String { "\(secret), as \(spelling.rawValue), in \(place)" }
    }

    /// Something that came out, and the secrets that it is there for, by how their names begin.
    private struct Evidence: Hashable {
        let place: String
        let data: Data
        let allowed: [String]
    }

    let home: Home
    private var secrets: Set<LeakSecret> = []
    private var evidence: Set<Evidence> = []
    /// Which commands of `quartilectl` were run, and which methods called.
    private(set) var commands: Set<String> = []
    private(set) var methods: Set<String> = []

    init() throws {
        home = try Home()
        try makeDirectory(temporary)
    }

    /// Where the programs put temporary files.
    var temporary: String { home.directory + "/tmp" }

    /// What every program is started with beside what it has at home.
    var environment: [String: String?] { ["TMPDIR": temporary, "SWIFT_BACKTRACE": "enable=yes"] }

    /// Takes note of a secret, and returns it.
    @discardableResult
    func learn(_ name: String, _ text: String) -> String {
        secrets.insert(LeakSecret(name: name, text: text))
        return text
    }

    /// Takes note of a key by its text, base64, and by its bytes.
    @discardableResult
    func learn(key name: String, _ text: String) throws -> String {
        let bytes = try #require(Data(base64Encoded: text))
        secrets.insert(LeakSecret(name: name, bytes: Array(bytes)))
        return learn(name, text)
    }

    /// The secrets that are texts, by name.
    var texts: [String: String] {
        var texts: [String: String] = [:]
        for secret in secrets {
            if case .text(let text) = secret.value { texts[secret.name] = text }
        }
        return texts
    }

    /// Keeps something that came out. `allowed` is how the names of those secrets begin that are to be there.
    func keep(_ data: Data, at place: String, allowing allowed: [String] = []) {
        if !data.isEmpty { evidence.insert(Evidence(place: place, data: data, allowed: allowed)) }
    }

    func keep(_ text: String, at place: String, allowing allowed: [String] = []) {
        keep(Data(text.utf8), at: place, allowing: allowed)
    }

    // MARK: - Where to look

    /// Keeps every file below the directories of the programs. The key file is there for the key, and nothing else.
    func lookAtFiles() throws {
        let files = try #require(FileManager.default.enumerator(atPath: home.directory))
        for case let name as String in files {
            let path = home.directory + "/" + name
            keep(name, at: "the name of a file")
            var status = stat()
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
            // Gone since it was listed, which a journal's draft may be.
            guard let data = FileManager.default.contents(atPath: path) else { continue }
            let kind = path.hasPrefix(home.key) || name.hasPrefix("given/") ? ["key"] : []
            keep(data, at: "file \(name)", allowing: kind)
        }
    }

    /// Keeps what a process shows of itself while it runs: arguments, environment, and files that have no name any
    /// more.
    func look(at process: ChildProcess, _ name: String) throws {
        do {
            for file in ["cmdline", "environ"] {
                keep(try Data(contentsOf: URL(filePath: "/proc/\(process.pid)/\(file)")), at: "\(file) of \(name)")
            }
            try lookAtDeletedFiles(of: process, name)
        } catch {
            // A client whose time is over, on a machine that is busy.
            guard process.end != nil else { throw error }
        }
    }

    private func lookAtDeletedFiles(of process: ChildProcess, _ name: String) throws {
        let descriptors = "/proc/\(process.pid)/fd"
        for number in try FileManager.default.contentsOfDirectory(atPath: descriptors) {
            let path = "\(descriptors)/\(number)"
            // One that was closed meanwhile holds nothing.
            guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) else { continue }
            if target.hasSuffix(" (deleted)"), let data = FileManager.default.contents(atPath: path) {
                keep(data, at: "a deleted file of \(name)")
            }
        }
    }

    // MARK: - Programs

    /// Keeps what a program that is over wrote.
    @discardableResult
    func keep(_ run: Finished, of name: String, output allowed: [String] = []) -> Finished {
        keep(run.output, at: "output of \(name)", allowing: allowed)
        keep(run.errors, at: "errors of \(name)")
        return run
    }

    /// Runs `quartilectl`, and keeps what it writes. `allowing` is what it is asked for.
    @discardableResult
    func ctl(
        _ arguments: [String],
        input: String = "",
        environment changes: [String: String?] = [:],
        allowing allowed: [String] = []
    ) async throws -> Finished {
        let run = try await home.run(
            .quartilectl,
            arguments,
            environment: environment.merging(changes) { $1 },
            input: .text(input)
        )
        let command = arguments.first ?? ""
        commands.insert(command)
        return keep(run, of: "quartilectl \(command)", output: allowed)
    }

    /// Runs a daemon that must not start, and keeps what it says.
    @discardableResult
    func refusal(_ code: Int32, _ changes: [String: String?] = [:]) async throws -> Finished {
        let run = try await home.run(.quartiled, environment: environment.merging(changes) { $1 })
        return try keep(run, of: "a quartiled that does not start").expect(code)
    }

    /// Gets a token, learns it, and keeps the rest of what was said.
    func learnToken(_ account: String, _ arguments: String...) async throws {
        let run = try await ctl(
            ["get-token", "--account", account, "--format", "json"] + arguments,
            allowing: ["access token", "subscription key"]
        )
        guard let token = try? JSON(run.output) else { return }  // A failure, which is kept.
        learn("access token \(account) \(token["generation"]?.int ?? 0)", try #require(token["access_token"]?.string))
    }

    // MARK: - The socket

    /// Sends a line on a connection of its own, and keeps the answer.
    @discardableResult
    func exchange(_ line: String, _ name: String, allowing allowed: [String] = []) async throws -> JSON {
        let wire = try WireClient(home)
        try await wire.send(line)
        let answer = try #require(try await wire.socket.line())
        keep(answer, at: "the answer to \(name)", allowing: allowed)
        return try JSON(answer)
    }

    /// Calls a method, and keeps the answer.
    @discardableResult
    func call(_ method: String, _ params: JSON = [:], allowing allowed: [String] = []) async throws -> JSON {
        methods.insert(method)
        let request: JSON = ["jsonrpc": "2.0", "id": 1, "method": .string(method), "params": params]
        return try await exchange(request.text, method, allowing: allowed)
    }

    // MARK: - The end

    /// Which secrets are where they should not be.
    func leaks() -> Set<Leak> {
        let search = LeakSearch(secrets)
        var leaks: Set<Leak> = []
        for item in evidence {
            for finding in search.findings(in: item.data)
            where !item.allowed.contains(where: finding.secret.hasPrefix) {
                leaks.insert(Leak(place: item.place, secret: finding.secret, spelling: finding.spelling))
            }
        }
        return leaks
    }

    /// The places at which there was something to look at.
    var places: Set<String> { Set(evidence.map(\.place)) }
}
