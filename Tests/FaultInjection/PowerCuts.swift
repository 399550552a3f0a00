import EndToEndHarness
import Foundation

/// Records what the daemon writes during some operations, and looks at what a power cut would have left of it: after
/// each call, many times, with other writes lost each time.
struct PowerCuts: Sendable {
    let mode: String
    /// How many cuts after each event.
    let cuts: Int
    /// How many of all cuts the daemon itself is started on; the rest is read by `sqlite3`.
    let starts: Int

    var name: String { "F3/\(mode)" }

    struct Image: Sendable {
        let name: String
        let files: [String: [UInt8]]
        /// The generation that a client had been told of by then.
        let acknowledged: Int
    }

    func run(_ plan: Plan) async throws -> Tally {
        var tally = Tally()
        let subject = try await Subject(mode: mode)
        let directory = URL(filePath: subject.home.database).deletingLastPathComponent()
        let (recording, tokens) = try await record(subject, directory)
        var chances = plan.chances(name)
        let images = try images(recording, directory.path, &chances)
        for (image, problem) in try await read(images) { count(image, problem, in: &tally) }
        // A daemon that never syncs must be found out, or this finds nothing.
        let careless = try self.images(recording, directory.path, heedingSyncs: false, &chances)
        let found = try await read(careless).count { $0.1 != nil }
        try hold(found > 0, "nothing is lost with every sync ignored: this test can't fail")
        let last = images.filter { $0.acknowledged > 0 }
        for image in last.shuffled(using: &chances).prefix(starts) {
            let problem = try await start(subject, on: image, directory, tokens)
            count(image, problem, in: &tally)
        }
        await subject.end()
        return tally
    }

    /// What is wrong with each image.
    private func read(_ images: [Image]) async throws -> [(Image, String?)] {
        let shell = try SQLiteImages(world: World.current)
        var problems: [(Image, String?)] = []
        for start in stride(from: 0, to: images.count, by: 100) {
            let batch = Array(images[start..<min(start + 100, images.count)])
            let verdicts = try await shell.read(batch, "quartiled.db")
            problems += zip(batch, verdicts).map { ($0, problem($1, $0)) }
        }
        return problems
    }

    private func count(_ image: Image, _ problem: String?, in tally: inout Tally) {
        tally.count("\(name)/\(image.name)", problem: problem)
        if problem != nil { tally.lost += 1 }
    }

    /// Has the daemon make its database and do some of everything, and returns what it did to the disk, and its tokens by
    /// their generations.
    private func record(_ subject: Subject, _ directory: URL) async throws -> (DiskRecording, [Int: String]) {
        // It listens before it has made its database: this waits until it has.
        _ = try await subject.response("hello", [:])
        try await subject.kill()
        try FileManager.default.removeItem(at: directory)
        let log = try World.current.newPath("strace")
        try subject.startWithoutWaiting(under: [Strace.path, "-D", "-o", log] + DiskRecording.options)
        try await subject.connectWhenUp()
        var tokens: [Int: String] = [:]
        for step in ["login", "refresh", "guest", "refresh", "relogin", "logout", "refresh"] {
            switch step {
            case "guest": try await subject.logIn("guest", remember: true)
            case "logout": _ = try await subject.result("logout", ["account": "guest"])
            case "refresh": _ = try await subject.result("refresh", ["account": "ada"])
            default: try await subject.logIn("ada", remember: true)
            }
            let token = try await subject.token("ada")
            tokens[token.generation] = token.access
        }
        try await subject.kill()
        let text = try await eventually("strace to end") { () -> String? in
            let text = String(decoding: try Data(contentsOf: URL(filePath: log)), as: UTF8.self)
            return text.contains("+++ killed by SIGKILL +++") ? text : nil
        }
        try FileManager.default.removeItem(atPath: log)
        let recording = try DiskRecording(text, of: directory.path)
        let acknowledged = recording.events.compactMap {
            if case .acknowledge(let generation) = $0 { generation } else { nil }
        }
        try hold(acknowledged.max() == tokens.keys.max(), "the log shows generation \(acknowledged.max() ?? 0)")
        return (recording, tokens)
    }

    private func images(
        _ recording: DiskRecording,
        _ directory: String,
        heedingSyncs: Bool = true,
        _ chances: inout SeededGenerator
    ) throws -> [Image] {
        var disk = SimulatedDisk(directory: directory)
        var images: [Image] = []
        for (index, event) in recording.events.enumerated() {
            if case .sync = event, !heedingSyncs { continue }
            try disk.apply(event)
            for cut in 0..<cuts {
                let survival: SimulatedDisk.Survival = cut == 0 ? .nothing : cut == 1 ? .everything : .byChance
                var files: [String: [UInt8]] = [:]
                for (path, content) in disk.cut(survival, using: &chances) {
                    files[URL(filePath: path).lastPathComponent] = content
                }
                images.append(
                    Image(name: "event \(index), cut \(cut)", files: files, acknowledged: disk.acknowledged)
                )
            }
        }
        return images
    }

    private func problem(_ verdict: SQLiteImages.Verdict, _ image: Image) -> String? {
        switch verdict {
        case .absent: image.acknowledged == 0 ? nil : "the database is gone after generation \(image.acknowledged)"
        case .found("ok", let generation):
            generation >= image.acknowledged
                ? nil : "generation \(generation) after \(image.acknowledged) was acknowledged"
        case .found(let integrity, _): "integrity_check says \(integrity)"
        }
    }

    /// Starts the daemon on what was left, and asks it.
    private func start(
        _ subject: Subject,
        on image: Image,
        _ directory: URL,
        _ tokens: [Int: String]
    ) async throws -> String? {
        try await subject.kill()
        try FileManager.default.removeItem(at: directory)
        try FileManager.default.createDirectory(
            at: directory,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        for (name, content) in image.files {
            let path = directory.appending(path: name).path
            guard
                FileManager.default.createFile(
                    atPath: path,
                    contents: Data(content),
                    attributes: [.posixPermissions: 0o600]
                )
            else { throw SystemError("createFile \(path)") }
        }
        do {
            try await subject.start()
            let token = try await subject.token("ada")
            if token.generation < image.acknowledged {
                return "the daemon serves generation \(token.generation) after \(image.acknowledged)"
            }
            return tokens[token.generation] == token.access ? nil : "another token of generation \(token.generation)"
        } catch {
            return "\(error)\(try subject.lastWords())"
        }
    }
}
