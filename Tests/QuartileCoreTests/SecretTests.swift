import Testing

@testable import QuartileCore

@Suite struct `A secret` {
    private let text = "hunter2-hunter2"
    private var secret: Secret { Secret(text) }

    private struct Holder {
        var secret: Secret
        var maybe: Secret?
        var many: [Secret]
        var named: [String: Secret]
    }

    @Test func `gives its text and its bytes when asked by name`() {
        #expect(secret.reveal() == text)
        #expect(secret.withBytes { Array($0) } == Array(text.utf8))
        #expect(secret.count == text.utf8.count)
        #expect(!secret.isEmpty)
        #expect(Secret("").isEmpty)
        #expect(Secret("").reveal() == "")
    }

    @Test func `repairs bytes that are not UTF-8`() {
        #expect(Secret(bytes: [0x61, 0xFF, 0x62]).reveal() == "a\u{FFFD}b")
    }

    @Test func `is overwritten to the last byte`() {
        // As its storage does before it gives the memory back, where it can still be looked at.
        let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 65)
        defer { bytes.deallocate() }
        bytes.initialize(repeating: 0xAA)
        overwrite(UnsafeMutableBufferPointer(rebasing: bytes[..<64]))
        #expect(bytes[..<64].allSatisfy { $0 == 0 })
        #expect(bytes[64] == 0xAA)
        overwrite(UnsafeMutableBufferPointer(start: nil, count: 0))
    }

    @Test func `passes on what its borrower throws`() {
        #expect(throws: Failure.broken) { try secret.withBytes { _ throws(Failure) in throw .broken } }
    }

    @Test func `is redacted in every way of printing`() {
        var dumped = ""
        dump(secret, to: &dumped)
        var printed = ""
        print(secret, to: &printed)
        debugPrint(secret, to: &printed)
        let ways = [
            dumped, printed, "\(secret)", String(describing: secret), String(reflecting: secret),
            String(describing: Optional(secret)), "\([secret])", "\(["a": secret])",
            String(describing: Mirror(reflecting: secret)),
        ]
        for way in ways {
            #expect(!way.contains("hunter2"))
        }
        #expect("\(secret)" == "<redacted>")
        #expect(String(reflecting: secret) == "<redacted>")
    }

    @Test func `is redacted inside whatever holds it`() {
        let holder = Holder(secret: secret, maybe: secret, many: [secret], named: ["a": secret])
        var dumped = ""
        dump(holder, to: &dumped)
        #expect(!dumped.contains("hunter2"))
        #expect(!"\(holder)".contains("hunter2"))
        #expect(!String(reflecting: holder).contains("hunter2"))
        #expect(dumped.contains("<redacted>"))
    }

    @Test func `shows a mirror nothing`() {
        #expect(Mirror(reflecting: secret).children.isEmpty)
        #expect(Mirror(reflecting: secret).descendant("storage") == nil)
    }

    @Test func `stays redacted in a token set, an outcome and a change to the store`() {
        let tokens = IssuedTokens.made()
        let shown = [
            String(reflecting: tokens), String(reflecting: Outcome.received(tokens.set, sent: .start)),
            String(reflecting: Outcome.ambiguous(.broken, unread: secret)),
            String(
                reflecting: StoreChange.putAccount(
                    .made(),
                    .stored,
                    tokens,
                    .init(at: .init(seconds: 1), event: .login, result: .received)
                )
            ),
        ]
        for text in shown {
            #expect(!text.contains("refresh-1"))
            #expect(!text.contains("access-1"))
            #expect(!text.contains("hunter2"))
            #expect(!text.contains("correct horse"))
            #expect(!text.contains("0123456789abcdef"))
            #expect(text.contains("<redacted>"))
        }
    }

    @Test(arguments: [("", "", true), ("a", "a", true), ("a", "b", false), ("a", "ab", false), ("ab", "a", false)])
    func `equals another with the same bytes only`(a: String, b: String, equal: Bool) {
        #expect((Secret(a) == Secret(b)) == equal)
    }

    @Test func `differs where any one byte differs`() {
        let bytes = Array(text.utf8)
        for index in bytes.indices {
            var other = bytes
            other[index] ^= 1
            #expect(Secret(bytes: other) != secret)
        }
    }
}
