import EndToEndHarness
import Foundation

/// What is done to the files before the daemon starts.
enum Damage: String, CaseIterable, Sendable {
    case bit, bits, headerByte = "header-byte", zeroPage = "zero-page", noisePage = "noise-page", swappedPages
    case truncation, emptyFile = "empty", foreignFile = "foreign"
    case newerSchema = "newer-schema", wrongKey = "wrong-key", brokenKey = "broken-key", missingKey = "missing-key"
    /// One sealed value of one account was exchanged for another's.
    case movedValue = "moved-value"

    /// The exit codes that say what is wrong; nil where the daemon may well serve what is left.
    var codes: Set<Int32>? {
        switch self {
        case .bit, .bits, .headerByte, .zeroPage, .noisePage, .swappedPages, .truncation, .movedValue: nil
        case .emptyFile, .foreignFile: [74]
        case .newerSchema, .wrongKey, .brokenKey, .missingKey: [78]
        }
    }
}

extension Damage {
    /// Does it to the files of a home, which are sound.
    func strike(
        _ home: Home,
        _ sound: SoundDatabase,
        using random: inout SeededGenerator
    ) async throws {
        var bytes = sound.database
        let pages = bytes.count / 4096
        func flip() {
            // Half of them where something is written: most of a small database is not.
            var place = Int.random(in: 0..<bytes.count, using: &random)
            if Bool.random(using: &random) {
                while bytes[place] == 0 { place = Int.random(in: 0..<bytes.count, using: &random) }
            }
            bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        }
        func page() -> Range<Int> {
            let page = Int.random(in: 0..<pages, using: &random)
            return page * 4096..<(page + 1) * 4096
        }
        switch self {
        case .bit: flip()
        case .bits: for _ in 0..<Int.random(in: 2...200, using: &random) { flip() }
        case .headerByte: bytes[Int.random(in: 0..<100, using: &random)] = .random(in: 0...255, using: &random)
        case .zeroPage: bytes.replaceSubrange(page(), with: Data(count: 4096))
        case .noisePage:
            bytes.replaceSubrange(page(), with: (0..<4096).map { _ in UInt8.random(in: 0...255, using: &random) })
        case .swappedPages:
            let (one, other) = (page(), page())
            let kept = Data(bytes[one])
            bytes.replaceSubrange(one, with: Data(bytes[other]))
            bytes.replaceSubrange(other, with: kept)
        case .truncation: bytes = bytes.prefix(Int.random(in: 1..<bytes.count, using: &random))
        case .emptyFile: bytes = Data()
        case .foreignFile: bytes = Data((0..<5000).map { _ in UInt8.random(in: 0...255, using: &random) })
        case .newerSchema: bytes[60..<64] = Data([0, 0, 0, UInt8.random(in: 100...255, using: &random)])
        case .wrongKey:
            try Data((0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }).base64EncodedData()
                .put(at: home.key)
        case .brokenKey: try sound.key.prefix(Int.random(in: 0..<44, using: &random)).put(at: home.key)
        case .missingKey: try FileManager.default.removeItem(atPath: home.key)
        case .movedValue: return try await moveValue(in: home, using: &random)
        }
        try bytes.put(at: home.database)
    }

    private func moveValue(in home: Home, using random: inout SeededGenerator) async throws {
        let (table, column, id) = [
            ("token_sets", "access_token", "account_id"), ("token_sets", "refresh_token", "account_id"),
            ("accounts", "password", "id"), ("accounts", "subscription_key", "id"),
        ][Int.random(in: 0..<4, using: &random)]
        let (one, other) = (Int.random(in: 1...3, using: &random), Int.random(in: 1...2, using: &random))
        try await SQLiteShell.change(
            "UPDATE \(table) SET \(column) = (SELECT \(column) FROM \(table) WHERE \(id) = \((one + other - 1) % 3 + 1)) "
                + "WHERE \(id) = \(one)",
            on: home.database
        )
    }
}
