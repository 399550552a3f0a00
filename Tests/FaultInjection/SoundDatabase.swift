import EndToEndHarness
import Foundation

/// The files of a daemon with three accounts, and the tokens that it serves.
struct SoundDatabase: Sendable {
    let database: Data
    let key: Data
    let tokens: [String: String]

    static func make() async throws -> SoundDatabase {
        let sandbox = try await Sandbox()
        let home = try Home()
        let daemon = try await Daemon(home)
        var tokens: [String: String] = [:]
        for account in ["ada", "bob", "eve"] {
            try await home.enter(account, sandbox)
            try await home.call("refresh", ["account": .string(account)])
            tokens[account] = try await home.call("get_token", ["account": .string(account)])["access_token"]?.string
        }
        try await daemon.stop()
        return SoundDatabase(
            database: try Data(contentsOf: URL(filePath: home.database)),
            key: try Data(contentsOf: URL(filePath: home.key)),
            tokens: tokens
        )
    }
}
