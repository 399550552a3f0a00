import QuartileCore
import Testing

@testable import QuartileDaemon

@Suite struct AuthAPIQuotedMessageTests {
    @Test(arguments: [
        ("Wrong password.", "Wrong password."), ("", ""), ("  a \r\n\t b\u{0}c  ", "a bc "),
        ("x \(String(repeating: "k", count: 19)) y", "x \(String(repeating: "k", count: 19)) y"),
        ("x \(String(repeating: "k", count: 20)) y", "x <redacted> y"),
        ("\"\(String(repeating: "aB3._~+/=-", count: 5))\"", "\"<redacted>\""),
        ("\(String(repeating: "k", count: 10))\u{200B}\(String(repeating: "k", count: 10))", "<redacted>"),
        ("\(String(repeating: "k", count: 10))\u{7}\(String(repeating: "k", count: 10))", "<redacted>"),
        ("na\u{ef}ve \u{202E}txt", "na\u{ef}ve txt"), ("\u{9b}31m\u{1b}]0;x\u{7}", "31m]0;x"),
    ])
    func `the API's words are shown as one harmless line`(_ text: String, _ shown: String) {
        #expect(QuotedMessage.clean(text) == shown)
    }

    @Test func `at most 200 characters are shown`() {
        let long = String(repeating: "ab ", count: 100)
        #expect(QuotedMessage.clean(long).count == 200)
        #expect(QuotedMessage.clean(long).hasSuffix("..."))
        let fits = String(repeating: "ab ", count: 66) + "ab"
        #expect(QuotedMessage.clean(fits) == fits)
    }

    @Test func `accents count as characters, of which one letter may have thousands`() {
        #expect(QuotedMessage.clean("e" + String(repeating: "\u{301}", count: 5_000)).unicodeScalars.count == 200)
    }

    @Test(arguments: [
        ("'pass wd' is wrong", "'<redacted>' is wrong"), ("'pass\u{200B} wd'", "'<redacted>'"),
        ("pass\r\n\twd", "<redacted>"), ("pass wd\u{301}", "<redacted>\u{301}"), ("pass wdpass wd", "<redacted>"),
        ("a \(String(repeating: "k", count: 15))key\(String(repeating: "k", count: 15))", "a <redacted>"),
        ("pass word", "pass word"), ("pi is pi", "pi is pi"), ("kkeykkeyk is wrong", "<redacted> is wrong"),
    ])
    func `what the API repeats of a secret is not shown`(_ text: String, _ shown: String) {
        let secrets = [Secret("kkeyk"), Secret("pass wd"), Secret("pi")]
        #expect(QuotedMessage.quote(text, hiding: secrets) == "\"\(shown)\"")
    }

    @Test(arguments: [
        // Percent-encoded by several rules.
        "p%C3%A4%20%22w%22%2F%5C1", "p%c3%a4+%22w%22/%5c1", #"%70%C3%A4 "w"/%5c%31"#,
        // Escaped as JSON.
        #"p\u00e4 \"w\"\/\\1"#, #"pä \u0022w\u0022/\u005C1"#,
        // In hex, and in base64 behind none, one and two bytes, but for the letter that depends on what follows.
        "70c3a4202277222f5c31", "cMOkICJ3Ii9cM", "DDpCAidyIvXD", "ww6QgInciL1wx",
        // Escaped as HTML.
        "p&#228; &quot;w&quot;/\\1", "&#x70;&#xE4;&nbsp;&#34;w&#34;&#47;&#92;1",
        // In another case, escaped or not.
        #"Pä "W"/\1"#, "P%C3%A4%20%22W%22%2F%5C1", "HORSE in The",
        // The other secret: a pair of surrogates, and any twelve bytes.
        #"\uD83D\udc0e-horse in"#, "horse in the",
    ])
    func `a secret is shown in no spelling`(_ text: String) {
        let secrets = [Secret(#"pä "w"/\1"#), Secret("🐎-horse in the stable")]
        #expect(QuotedMessage.clean("<\(text)>", hiding: secrets) == "<<redacted>>")
    }
}

extension AuthAPIQuotedMessageTests {
    @Test(arguments: [
        ("say \"x\"", "say 'x'"), ("\"; run: rm ~", "'; run: rm ~"), ("\u{201C}a\u{201D} \u{AB}b\u{BB}", "'a' 'b'"),
    ])
    func `the API's words can't end the quotation`(_ text: String, _ shown: String) {
        #expect(QuotedMessage.quote(text) == "\"\(shown)\"")
    }

    @Test(arguments: ["&;", "&#;", "&#x;", "&#xD800;", "&#99999999999;", "&nothing;", "&amp", "&", "a & b; c"])
    func `what is no reference of HTML's stays`(_ text: String) {
        #expect(QuotedMessage.clean(text, hiding: [Secret("secret")]) == text)
    }
}

@Suite struct AuthAPISendableTextTests {
    @Test(arguments: ["0123456789abcdef0123456789abcdef", "a", "!~"]) func `visible ASCII is fine`(_ text: String) {
        #expect(SendableText.problem(subscriptionKey: Secret(text)) == nil)
        #expect(SendableText.problem(token: Secret(text)) == nil)
    }

    @Test(arguments: ["", " ", "a b", "a\n", "\ra", "a\t", "\u{0}", "\u{7f}", "\u{e9}", "\u{1F40E}"])
    func `anything else is refused`(_ text: String) {
        #expect(SendableText.problem(subscriptionKey: Secret(text)) != nil)
        #expect(SendableText.problem(token: Secret(text)) != nil)
    }

    @Test func `a username is a line of text, a password anything`() {
        #expect(SendableText.problem(username: "ada@example.com") == nil)
        #expect(SendableText.problem(username: "\u{e4}da") == nil)
        #expect(SendableText.problem(username: "") != nil)
        #expect(SendableText.problem(username: "ada\n") != nil)
        #expect(SendableText.problem(password: Secret(" \n\u{1F40E}\u{0}")) == nil)
        #expect(SendableText.problem(password: Secret("")) != nil)
    }
}

@Suite struct AuthAPIBaseURLTests {
    @Test(arguments: [
        ("https://api.quartile.com", "https://api.quartile.com"),
        ("HTTPS://API.Quartile.COM/", "https://api.quartile.com"),
        ("https://api.quartile.com:443", "https://api.quartile.com"), ("https://h:8443/", "https://h:8443"),
        ("https://h:08443", "https://h:8443"), ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.255.0.9", "http://127.255.0.9"), ("http://localhost:80", "http://localhost"),
        ("http://LOCALHOST:1/", "http://localhost:1"), ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://[0:0:0:0:0:0:0:1]", "http://[::1]"), ("https://[2001:DB8::1]:443", "https://[2001:db8::1]"),
        ("https://10.0.0.1", "https://10.0.0.1"), ("https://a_b.example", "https://a_b.example"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
    ])
    func `a base URL has one spelling`(_ given: String, _ text: String) {
        #expect(validateBaseURL(given) == .success(text))
        #expect(validateBaseURL(text) == .success(text))
    }

    @Test(arguments: [
        "", "api.quartile.com", "//h", "ftp://h", "https:/h", "https://", "https:///", "https:// h", "https://h h",
        "https://h\r\nX: y", "https://h/path", "https://h//", "https://h?x", "https://h/?x", "https://h#x",
        "https://u@h",
        "https://u:p@h", "https://h:", "https://h:0", "https://h:65536", "https://h:x", "https://h:+1", "https://h:1:2",
        "https://.h", "https://h.", "https://a..b", "https://-h", "https://h-", "https://h%41", "https://h\\x",
        "https://b\u{fc}cher.example", "https://\(String(repeating: "a", count: 64))", "https://1", "https://127.1",
        "https://0x7f.1", "https://1.2.3.4.5", "https://256.1.1.1", "https://[::1", "https://[::1]x", "https://[g::]",
        "https://[fe80::1%25eth0]", "https://::1", "https://[127.0.0.1]", "http://api.quartile.com", "http://10.0.0.1",
        "http://127.0.0.1.example.com", "http://localhost.example.com", "http://128.0.0.1", "http://[::2]",
        "http://[::ffff:127.0.0.1]", "http://0.0.0.0", "http://sub.localhost",
    ])
    func `anything else is refused, and not repeated`(_ given: String) {
        guard case .failure(let error) = validateBaseURL(given) else {
            Issue.record("took \(given)")
            return
        }
        #expect(!error.message.isEmpty)
        #expect(!error.message.contains("u:p"))
    }

    @Test func `a base URL knows its parts`() throws {
        let url = try BaseURL("https://[2001:db8::1]:8443/")
        #expect(url.host == "2001:db8::1")
        #expect(url.port == 8443)
        #expect(url.usesTLS)
        #expect(!url.isLoopback)
        #expect(url.endpoint == "[2001:db8::1]:8443")
        #expect(try BaseURL("https://api.quartile.com").endpoint == "api.quartile.com:443")
        #expect(try BaseURL("https://127.0.0.1").isLoopback)
    }
}
