import QuartileCore
import Testing

@Suite struct `An account name` {
    @Test(arguments: ["a", "Z", "0", ".", "_", "@", "+", "-", "ada+test_1@example.com", "..", "-x"])
    func `may hold letters, digits and six marks`(text: String) {
        #expect(AccountName(text)?.text == text)
        #expect(AccountName(text)?.description == text)
    }

    @Test func `has 1 to 64 characters`() {
        #expect(AccountName("") == nil)
        #expect(AccountName(String(repeating: "a", count: 64)) != nil)
        #expect(AccountName(String(repeating: "a", count: 65)) == nil)
    }

    @Test func `may hold no other byte`() {
        let allowed = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@+-".utf8)
        for byte in UInt8.min...127 {
            let name = AccountName("a" + String(UnicodeScalar(byte)))
            #expect((name != nil) == allowed.contains(byte), "byte \(byte)")
        }
    }

    @Test(arguments: ["ä", "e\u{301}", "１", "а", "a\u{0}", "a\n", " a", "a/b", "😀"])
    func `may hold nothing outside ASCII, no blank, no slash`(text: String) {
        #expect(AccountName(text) == nil)
    }

    @Test func `is told apart by case, and ordered`() {
        #expect(AccountName.named("Ada") != AccountName.named("ada"))
        #expect(AccountName.named("a") < AccountName.named("b"))
    }
}
