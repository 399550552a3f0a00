import EndToEndHarness
import Foundation

/// Reads many databases with one `sqlite3`: as after a crash, with the journal played back where there is one.
struct SQLiteImages: Sendable {
    enum Verdict: Sendable, Equatable {
        /// There is no such file.
        case absent
        /// What `integrity_check` says, and `ada`'s generation: 0 where there is no such account.
        case found(String, generation: Int)
    }

    private let directory: String

    /// Keeps the files in a directory of this world's.
    init(world: World) throws {
        directory = world.newPath("images")
        try makeDirectory(directory)
    }

    /// Puts each image into a directory of its own and reads the database of that name.
    func read(_ images: [PowerCuts.Image], _ database: String) async throws -> [Verdict] {
        var script = ""
        for (index, image) in images.enumerated() {
            let place = "\(directory)/\(index)"
            if FileManager.default.fileExists(atPath: place) { try FileManager.default.removeItem(atPath: place) }
            try makeDirectory(place)
            for (name, content) in image.files { try Data(content).write(to: URL(filePath: "\(place)/\(name)")) }
            guard image.files[database] != nil else { continue }
            script += """
                .open \(place)/\(database)
                .print @image \(index)
                PRAGMA integrity_check(1);
                SELECT 'generation ' || coalesce(max(t.generation), 0)
                    FROM token_sets t JOIN accounts a ON a.id = t.account_id WHERE a.name = 'ada';

                """
        }
        let process = try ChildProcess("/usr/bin/sqlite3", ["-batch"], environment: [:], input: .text(script))
        _ = try await process.waitForEnd()
        let said = process.output
        let errors = process.errors
        try process.removeOutput()
        var verdicts = [Verdict](repeating: .absent, count: images.count)
        for part in said.components(separatedBy: "@image ").dropFirst() {
            let lines = part.split(separator: "\n")
            let index = try present(Int(lines[0]), "an image's number in \(part)")
            let generation = lines.last?.hasPrefix("generation ") == true ? lines.last?.split(separator: " ").last : nil
            verdicts[index] = .found(
                lines.count == 3 ? String(lines[1]) : lines.dropFirst().joined(separator: ", ") + errors,
                generation: generation.flatMap { Int($0) } ?? 0
            )
        }
        for (index, image) in images.enumerated() where image.files[database] != nil && verdicts[index] == .absent {
            throw Unmet("sqlite3 did not come to image \(index): \(errors)")
        }
        return verdicts
    }
}
