import Foundation
import QuartileCore
import Testing

@testable import QuartileDaemon

/// What the files of a store give away.
struct StoreSecrecyTests {
    let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    @Test func noSecretIsInTheFilesInClear() throws {
        let secrets = [
            "SubscriptionKeyOfAda0123456789ab", "password of ada, in clear", "access token of ada, in clear",
            "refresh token of ada, in clear", "unread answer for ada, in clear",
        ]
        let account = Account(
            name: .ada,
            apiVersion: .v2,
            baseURL: "https://api.example.com",
            username: "user-of-ada@example.com",
            subscriptionKey: Secret(secrets[0]),
            password: Secret(secrets[1])
        )
        var tokens = IssuedTokens.example(1)
        tokens.set.accessToken = Secret(secrets[2])
        tokens.set.refreshToken = Secret(secrets[3])
        let store = try fixture.open()
        try store.commit([.putAccount(account, .stored, tokens, .example(.loginByUser))])
        try store.commit([
            .openIntent(
                .ada,
                Intent(generation: 1, operation: .refresh, at: Moment.start.wall),
                refreshToken: .ambiguous,
                replacingOwn: false
            )
        ])
        // Looked at within a transaction: its journal holds what the pages held before.
        let failure = StoreChange.recordFailure(
            .ada,
            .spent,
            .stored,
            unread: Secret(secrets[4]),
            .example(),
            told: .example,
            stayAwayUntil: nil
        )
        var files: [String: Data] = [:]
        try store.commit([failure])
        try store.abandon([failure]) {
            for name in try FileManager.default.contentsOfDirectory(atPath: fixture.directory.file("state")) {
                files[name] = try fixture.bytes(at: fixture.directory.file("state/" + name))
            }
        }
        try store.close()

        #expect(files["quartiled.db-journal"]?.isEmpty == false)
        // The search finds what is there.
        #expect(files["quartiled.db"]?.holds("user-of-ada@example.com") == true)
        for (name, data) in files {
            for secret in secrets {
                for (spelling, text) in spellings(of: secret) {
                    #expect(!data.holds(text), "\(spelling) of \(secret) in \(name)")
                }
            }
        }
        let key = try KeyFile(path: fixture.keyPath).key()
        #expect(key.withBytes { files["quartiled.db"]?.range(of: Data($0)) } == nil)
    }

    @Test func searchFindsEverySpelling() {
        for prefix in ["", "x", "xy"] {
            let secret = "a secret to be found"
            let data = Data((prefix + secret + "z").utf8)
            #expect(spellings(of: secret).contains { Data(data.base64EncodedString().utf8).holds($0.1) })
        }
    }

    @Test func nothingOfARemovedAccountIsLeftInTheFiles() throws {
        // In no order, and none a part of another.
        let names = (0..<300).compactMap { AccountName("\(1000 + $0 * 7919 % 300)-to-be-found") }
        let store = try fixture.open()
        // One at a time, with tokens that change in length, so that rows move from page to page.
        for (index, name) in names.enumerated() {
            try store.commit([.put(name)])
            let older = names[index / 2]
            let generation = try #require(try fixture.generation(of: older)) + 1
            let text = String(repeating: "t", count: 100 * (index % 17))
            try store.commit([
                .saveTokens(older, .example(generation, text: text), .example(after: 1)),
                .recordFailure(
                    older,
                    .spent,
                    .stored,
                    unread: Secret(text + "?"),
                    .example(after: Milliseconds(generation)),
                    told: .example,
                    stayAwayUntil: nil
                ),
            ])
        }
        let removed = names.filter { $0.text.utf8.reduce(0, { $0 &+ Int($1) }) % 3 == 0 }
        #expect(removed.count > 50)
        let pieces = try pieces(of: removed)
        #expect(try count(pieces, in: fixture.bytes(at: fixture.path)) >= pieces.count)
        for name in removed { try store.commit([.removeAccount(name)]) }
        try store.close()
        for suffix in ["", "-journal", ".lock"] {
            #expect(try count(pieces, in: fixture.bytes(at: fixture.path + suffix)) == 0, "\(suffix)")
        }
        #expect(try fixture.load().accounts.count == names.count - removed.count)
    }

    /// The first eight bytes of each name, and the sealed values in pieces of eight bytes, without what is left over at
    /// their ends: long values are spread over pages.
    private func pieces(of names: [AccountName]) throws -> Set<UInt64> {
        var pieces: Set<UInt64> = []
        for name in names {
            pieces.formUnion(windows(of: Data(name.text.utf8.prefix(8))))
            for value in try fixture.sealedValues(of: name) {
                for start in stride(from: 0, to: value.count - 7, by: 8) {
                    pieces.formUnion(windows(of: value[start..<(start + 8)]))
                }
            }
        }
        return pieces
    }

    /// How often one of `pieces` is in `data`.
    private func count(_ pieces: Set<UInt64>, in data: Data) -> Int { windows(of: data).count { pieces.contains($0) } }

    /// Each eight bytes in a row, as a number.
    private func windows(of data: Data) -> [UInt64] {
        var last: UInt64 = 0
        return data.map { byte in
            last = last << 8 | UInt64(byte)
            return last
        }
        .dropFirst(7).map { $0 }
    }

    /// The text as it is, in hex, and in base64 at each of the three places that it can have in a group of bytes.
    private func spellings(of secret: String) -> [(String, String)] {
        let hexadecimal = hex(secret.utf8)
        var spellings = [("text", secret), ("hex", hexadecimal), ("upper-case hex", hexadecimal.uppercased())]
        for offset in 0..<3 {
            let bytes = Array(secret.utf8).dropFirst(offset)
            spellings.append(("base64", Data(bytes.prefix(bytes.count / 3 * 3)).base64EncodedString()))
        }
        return spellings
    }
}
