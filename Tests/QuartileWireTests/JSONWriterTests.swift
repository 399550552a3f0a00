import QuartileWire
import Testing

@Suite struct `JSON writer` {
    @Test(
        arguments: [
            (JSON.null, "null"), (true, "true"), (false, "false"), (-7, "-7"), ("a", "\"a\""), ([], "[]"), ([:], "{}"),
            ([1, .null, "x"], "[1,null,\"x\"]"), (["b": 1, "a": [true]], "{\"b\":1,\"a\":[true]}"),
        ] as [(JSON, String)]
    )
    func `writes each kind without white space`(json: JSON, expected: String) {
        #expect(json.text == expected)
    }

    @Test func `escapes quotes, backslashes and control characters`() {
        let json = JSON.string("\"\\/\u{8}\u{C}\n\r\t\u{0}\u{1F}\u{7F}é")
        #expect(json.text == #""\"\\/\b\f\n\r\t\u0000\u001f"# + "\u{7F}é\"")
    }

    @Test func `escapes names like strings`() {
        #expect((["a\nb": 1] as JSON).text == #"{"a\nb":1}"#)
    }

    @Test func `gives one line whatever the strings hold`() {
        let everything = String(String.UnicodeScalarView((0..<0x300).compactMap(Unicode.Scalar.init)))
        #expect(!JSON.string(everything).bytes.contains(0x0A))
    }

    @Test func `gives back every character that it was given`() throws {
        let everything = String(String.UnicodeScalarView((0..<0x30000).compactMap(Unicode.Scalar.init)))
        #expect(try JSON.parse(JSON.string(everything).bytes).string == everything)
    }

    @Test func `writes a number in the digits it came in`() throws {
        #expect(try JSON.parse("[1.50,1E2,-0]".utf8).text == "[1.50,1E2,-0]")
    }

    @Test func `writes doubles that read back the same`() throws {
        for value in [0.1, 30, 1e21, Double.leastNonzeroMagnitude, Double.greatestFiniteMagnitude, -2.5] {
            let number = try #require(JSON.Number(value))
            #expect(try JSON.parse(JSON.number(number).bytes).double == value)
        }
    }

    @Test(arguments: [Double.infinity, -.infinity, .nan])
    func `has no number for what JSON can't write`(value: Double) {
        #expect(JSON.Number(value) == nil)
    }

    @Test func `keeps duplicate members`() throws {
        #expect(try JSON.parse(#"{"a":1,"a":2}"#.utf8).text == #"{"a":1,"a":2}"#)
    }

    @Test func `appends to what is there`() {
        var output = Array("x".utf8)
        JSON.bool(true).write(to: &output)
        #expect(output == Array("xtrue".utf8))
    }

    @Test func `shows no content when printed, dumped or reflected`() {
        let json: JSON = ["password": "hunter2"]
        var dumped = ""
        dump(json, to: &dumped)
        dump(json.object, to: &dumped)
        for text in ["\(json)", String(reflecting: json), dumped, "\(String(describing: json.object))"] {
            #expect(!text.contains("hunter2"))
        }
    }
}
