import ArgumentParser
import Testing

@testable import quartilectl

@Suite struct `Time on the command line` {
    @Test(
        arguments: [
            ("90s", 90), ("15m", 900), ("1h", 3_600), ("2d", 172_800), ("30", 30), ("0", 0), ("0.5s", 0.5),
            ("1.5h", 5_400),
        ] as [(String, Double)]
    )
    func `is a number and a unit`(text: String, seconds: Double) {
        #expect(Seconds(text)?.value == seconds)
    }

    @Test(arguments: [
        "", "s", "-1", "+1", "1 s", "1S", "1ms", "1w", "1h30m", "1e3", ".5", "5.", "1.2.3", "inf", "nan", "0x10", "１",
        String(repeating: "9", count: 400),
    ])
    func `is nothing else`(text: String) {
        #expect(Seconds(text) == nil)
    }
}

@Suite struct `Short way` {
    /// What the argument parser makes of the same, or nil if it is no `get-token` or an error.
    private static func longWay(_ arguments: [String]) -> GetToken.Options? {
        // An error is one of the outcomes that are compared.
        (try? Quartilectl.parseAsRoot(arguments) as? GetTokenCommand)?.options
    }

    @Test(arguments: [
        ["get-token"], ["get-token", "--account", "x"], ["get-token", "--account=x"],
        ["--socket", "/s", "get-token", "--account", "x"], ["get-token", "--socket=/s"],
        ["--socket", "/a", "get-token", "--socket", "/b"], ["get-token", "--account", "get-token"],
        ["get-token", "--min-valid", "60s", "--max-wait", "1m", "--format", "json"],
        ["get-token", "--min-valid=0", "--max-wait=2.5s", "--format=env"],
        ["get-token", "--account", "x", "--account", "y"], ["get-token", "--account=-x"],
        ["get-token", "--account=a=b"], ["get-token", "--format", "raw"], ["get-token", "--format", "header"],
        ["get-token", "--account", "a b"], ["get-token", "--account", "ä"],
    ])
    func `reads what the argument parser reads`(arguments: [String]) throws {
        let options = try #require(ShortWay.parse(arguments))
        #expect(options == Self.longWay(arguments))
    }

    @Test(arguments: [
        [], ["--socket", "/s"], ["list"], ["--socket", "/s", "list"], ["get-token", "--help"], ["get-token", "-h"],
        ["--version"], ["get-token", "--version"], ["get-token", "x"], ["get-token", "get-token"],
        ["get-token", "--account"], ["get-token", "--account", "-x"], ["get-token", "--account="],
        ["get-token", "--account", ""], ["get-token", "--account", "--format", "raw"], ["get-token", "--nope"],
        ["get-token", "--nope", "x"], ["get-token", "--min-valid", "x"], ["get-token", "--max-wait", "-1"],
        ["get-token", "--format", "curl"], ["get-token", "--format", "RAW"], ["get-token", "--"],
        ["get-token", "--account", "x", "--"], ["--account", "x", "get-token"], ["login", "--account", "x"],
        ["get-token", "--socket"], ["get-token", "-account", "x"], ["get-token", "--json"], ["help", "get-token"],
    ])
    func `leaves to the argument parser`(arguments: [String]) {
        #expect(ShortWay.parse(arguments) == nil)
    }
}

@Suite struct `Shell words` {
    @Test(arguments: [("", "''"), ("a b", "'a b'"), ("it's", #"'it'\''s'"#), ("$(x)`y`\\\n", "'$(x)`y`\\\n'")])
    func `are quoted`(text: String, expected: String) {
        #expect(Shell.singleQuoted(text) == expected)
        #expect(Shell.quoted(text) == expected)
    }

    @Test(arguments: ["/run/user/1000/q.sock", "ada@example.com", "a-b_c+d:e%f,g"])
    func `are left alone where they need no quotes`(text: String) {
        #expect(Shell.quoted(text) == text)
    }
}
