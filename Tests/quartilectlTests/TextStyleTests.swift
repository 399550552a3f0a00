import Testing

@testable import quartilectl

private func surroundings(_ environment: [String: String], columns: Int? = nil) -> TextStyle {
    Surroundings(environment: { environment[$0] }, terminalColumns: { columns }, userID: 1000).text
}

@Suite struct `Text style` {
    @Test(
        arguments: [
            ([:], false), (["LANG": "C"], false), (["LANG": "C.UTF-8"], true), (["LANG": "de_DE.utf8"], true),
            (["LANG": "de_DE.UTF-8", "LC_ALL": "C"], false), (["LANG": "C", "LC_ALL": "C.UTF-8"], true),
            (["LANG": "C", "LC_CTYPE": "en_GB.UTF-8"], true), (["LANG": "de_DE.ISO-8859-1"], false),
            (["LANG": "C.UTF-8", "LC_ALL": ""], true),
        ] as [([String: String], Bool)]
    )
    func `follows the locale's variables`(environment: [String: String], isUTF8: Bool) {
        #expect(surroundings(environment).isUTF8 == isUTF8)
    }

    @Test(
        arguments: [
            ([:], nil, 60), (["COLUMNS": "80"], nil, 80), (["COLUMNS": "80"], 72, 72), (["COLUMNS": "x"], nil, 60),
            ([:], 10, 40), ([:], 500, 100),
        ] as [([String: String], Int?, Int)]
    )
    func `follows the terminal's width within limits`(environment: [String: String], columns: Int?, width: Int) {
        #expect(surroundings(environment, columns: columns).width == width)
    }

    @Test func `leaves plain text alone`() {
        #expect(TextStyle(isUTF8: false, width: 60).clean("a B-9 ~") == "a B-9 ~")
        #expect(TextStyle(isUTF8: true, width: 60).clean("Zürich 東京 🗝") == "Zürich 東京 🗝")
    }

    @Test func `puts a mark for what can't be shown`() {
        #expect(TextStyle(isUTF8: false, width: 60).clean("Zürich") == "Z?rich")
        #expect(TextStyle(isUTF8: true, width: 60).clean("a\u{1B}b\u{9B}c\u{202E}d\u{FEFF}e\u{7F}") == "a?b?c?d?e?")
    }

    @Test func `breaks lines between words`() {
        let style = TextStyle(isUTF8: true, width: 20)
        #expect(style.wrap(start: "", "one two three four five six", indent: 2) == "one two three four\n  five six\n")
    }

    @Test func `breaks a word that is longer than a line`() {
        let style = TextStyle(isUTF8: true, width: 10)
        #expect(style.wrap(start: "a ", "0123456789abcdefghij", indent: 2) == "a 01234567\n  89abcdef\n  ghij\n")
    }

    @Test func `gives a field its label`() {
        #expect(TextStyle(isUTF8: true, width: 60).field("key", "none") == "  key            none\n")
    }
}
