import EndToEndHarness
import Foundation
import Glibc
import Testing

/// That the proof can fail: leaks are planted, and found.
@Suite(.endToEnd, .serialized) struct PlantedLeakTests {
    private let ground: LeakGround
    private let drive: LeakDrive
    private var home: Home { ground.home }

    init() async throws {
        ground = try LeakGround()
        drive = try await LeakDrive(ground)
        try await drive.logIn("ada").expect(0)
        try await ground.learnToken("ada")
    }

    // MARK: - Every place, every kind of secret, every spelling

    /// Files that the programs have or may come to have, and one that holds the key.
    private static let files = [
        "state/quartiled/quartiled.db", "state/quartiled/quartiled.db-journal", "state/quartiled/quartiled.db-wal",
        "state/quartiled/quartiled.db-shm", "state/quartiled/quartiled.db.before-v9",
        "state/quartiled/quartiled.db.ballast", "state/quartiled/quartiled.db.lock", "run/quartiled/other",
        "config/quartiled/config.yaml", "data/quartiled/other", "data/quartiled/key", "tmp/other", "core",
    ]

    @Test func aLeakOfEachSecretInEachSpellingIsFoundInEachPlace() async throws {
        let text = ground.texts
        try ground.lookAtFiles()
        ground.keep(drive.daemon.log, at: "the log of quartiled")
        #expect(ground.leaks() == [])

        func written(_ spellings: [LeakSpelling]) -> [UInt8] {
            text.values.sorted().flatMap { text in
                // The longest form is the one in which nothing stays as it is.
                spellings.flatMap { $0.forms(of: text).max { ($0.count, "\($0)") < ($1.count, "\($1)") }! + [0x0a] }
            }
        }
        let all = written(LeakSpelling.allCases)
        try append(all, to: "/proc/\(drive.daemon.pid)/fd/2")
        ground.keep(drive.daemon.log, at: "the log of quartiled")
        try await drive.daemon.stop()
        for file in Self.files {
            let path = home.directory + "/" + file
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent,
                withIntermediateDirectories: true
            )
            try append(all, to: path)
        }
        try ground.lookAtFiles()

        let source = try World.current.newPath("leaks")
        try append(all, to: source)
        let shell = try ChildProcess("/bin/sh", ["-c", "cat \(source); cat \(source) >&2"], environment: [:])
        let end = try await shell.waitForEnd()
        ground.keep(Finished(end: end, output: shell.output, errors: shell.errors), of: "a program")

        // A NUL ends an argument, and half of UTF-16 is that.
        let words = LeakSpelling.allCases.filter { $0 != .utf16 }
        let word = String(decoding: written(words), as: UTF8.self)
        let hidden = home.directory + "/hidden"
        let process = try ChildProcess(
            "/bin/sh",
            ["-c", "exec 3>\(hidden); cat \(source) >&3; rm \(hidden); echo >&2; read x", word],
            environment: ["WORD": word],
            input: try waiting()
        )
        try await eventually("the file hidden") { !process.errors.isEmpty }
        try ground.look(at: process, "a program")
        process.signal(SIGKILL)

        var expected: Set<LeakGround.Leak> = []
        let places = [
            "the log of quartiled", "output of a program", "errors of a program", "a deleted file of a program",
            "cmdline of a program", "environ of a program",
        ]
        for place in places + Self.files.map({ "file \($0)" }) {
            let isArgument = place.hasPrefix("cmdline") || place.hasPrefix("environ")
            for name in text.keys where place != "file data/quartiled/key" || !name.hasPrefix("key") {
                for spelling in isArgument ? words : LeakSpelling.allCases {
                    expected.insert(.init(place: place, secret: name, spelling: spelling))
                }
            }
        }
        let found = ground.leaks()
        #expect(expected.subtracting(found) == [], "planted and not found")
        #expect(found.subtracting(expected) == [], "found and not planted")
        #expect(found.count > 1_000)
    }

    /// An input from which nothing ever comes.
    private func waiting() throws -> ChildProcess.Stream {
        let path = try World.current.newPath("fifo")
        guard mkfifo(path, 0o600) == 0 else { throw SystemError("mkfifo") }
        // Kept open for good, so that opening it for reading does not wait.
        guard open(path, O_RDWR | O_CLOEXEC) >= 0 else { throw SystemError("open") }
        return .path(path)
    }

    // MARK: - Ways through the programs themselves

    /// What is shown by design, with a secret in its place: each is a way on which a leak would come.
    @Test func aLeakOnEachWayThroughTheProgramsIsFound() async throws {
        // In the name of the user.
        let update: JSON = ["account": "ada", "username": .string(drive.otherPassword)]
        #expect(try await ground.call("update_account", update)["result"] != nil)
        for arguments in [["list", "--json"], ["status", "--json"]] { try await ground.ctl(arguments).expect(0) }
        _ = try await ground.call("status")
        _ = try await ground.call("list_accounts")

        // In the path of a program that calls.
        let hexadecimal = drive.mistyped.utf8.map { String(format: "%02x", $0) }.joined()
        let directory = try World.current.newPath("programs") + hexadecimal
        try makeDirectory(directory)
        let program = directory + "/client"
        try FileManager.default.copyItem(atPath: try Program.quartilectl.path, toPath: program)
        let client = try ChildProcess(program, ["list"], environment: home.environment)
        #expect(try await client.waitForEnd() == .exit(0))
        try await ground.ctl(["audit", "--json"]).expect(0)
        _ = try await ground.call("audit")

        // In what the API says, of somebody else.
        let encoded = Data(drive.otherKey.utf8.prefix(14)).base64EncodedString().dropLast(1)
        let message: JSON = ["message": .string(String(encoded)), "statusCode": 401]
        try await drive.sandbox.fault("status", ["code": 401, "call": "refresh", "body": message])
        try await drive.sandbox.fault("status", ["code": 401, "call": "login", "body": message])
        try await ground.ctl(["refresh", "--account", "ada"]).expect(77)
        try await drive.sandbox.fault("status", ["code": 401, "call": "login", "body": message])
        try await drive.logIn("ada").expect(65)

        try await drive.daemon.stop()
        ground.keep(drive.daemon.log, at: "the log of quartiled")
        // In the name of a file.
        try append([], to: ground.temporary + "/" + Data(drive.subscriptionKey.utf8).base64EncodedString())
        try ground.lookAtFiles()

        let database = "file state/quartiled/quartiled.db"
        var expected: Set<LeakGround.Leak> = [
            .init(place: "the name of a file", secret: "subscription key", spelling: .base64)
        ]
        for (places, secret, spelling) in [
            (
                [
                    "the answer to update_account", "output of quartilectl list", "output of quartilectl status",
                    "the answer to status", "the answer to list_accounts", database,
                ], "password, the new one", .plain
            ),
            (["output of quartilectl audit", "the answer to audit", database], "password, mistyped", .hexadecimal),
            (
                ["errors of quartilectl login", "the log of quartiled", database],
                "subscription key, the new one", .base64
            ),
        ] as [([String], String, LeakSpelling)] {
            for place in places { expected.insert(.init(place: place, secret: secret, spelling: spelling)) }
        }
        let found = ground.leaks()
        #expect(expected.subtracting(found) == [], "planted and not found")
        #expect(found.subtracting(expected).filter { $0.place != "output of quartilectl audit" } == [])
    }
}

private func append(_ bytes: [UInt8], to path: String) throws {
    let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw SystemError("open \(path)") }
    defer { close(file) }
    guard write(file, bytes, bytes.count) == bytes.count else { throw SystemError("write \(path)") }
}
