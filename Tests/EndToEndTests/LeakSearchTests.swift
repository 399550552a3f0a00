import Foundation
import Testing

/// The search that the other tests of leaks rely on.
struct LeakSearchTests {
    /// With what one spelling or another treats in its own way, and longer than what is looked for.
    private let text = #"pä/ss "wörd" \+%~ of_ada.horse-🐎 to-be-found"#
    private let search: LeakSearch

    init() {
        search = LeakSearch([
            LeakSecret(name: "password", text: text), LeakSecret(name: "other", text: "quite another secret"),
        ])
    }

    private func spellings(_ data: Data) -> Set<LeakSpelling> {
        let findings = search.findings(in: data)
        #expect(findings.allSatisfy { $0.secret == "password" })
        return Set(findings.map(\.spelling))
    }

    private func spellings(_ text: String) -> Set<LeakSpelling> { spellings(Data("before<\(text)>after".utf8)) }

    /// Written by encoders that the search does not use.
    @Test func everySpellingIsFound() throws {
        #expect(spellings(text) == [.plain])
        for encoding in [String.Encoding.utf16LittleEndian, .utf16BigEndian] {
            #expect(spellings(try #require("<\(text)>".data(using: encoding))) == [.utf16])
        }
        for before in ["", "x", "xy"] {
            let base64 = Data((before + text + "z").utf8).base64EncodedString()
            #expect(spellings(base64) == [.base64])
            let url = String(base64.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
            #expect(spellings(url.replacing("=", with: "")) == [.base64])
        }
        for format in ["%02x", "%02X"] {
            #expect(spellings(text.utf8.map { String(format: format, $0) }.joined()) == [.hexadecimal])
            #expect(spellings(text.utf8.map { "%" + String(format: format, $0) }.joined()) == [.percent])
        }
        for separator in [" ", ":", "-", ", 0x", "\\x"] {
            for format in ["%02x", "%02X"] {
                let hexadecimal = text.utf8.map { String(format: format, $0) }.joined(separator: separator)
                #expect(spellings(hexadecimal) == [.hexadecimal], "with \(separator)")
            }
        }
        #expect(spellings("\(Array(text.utf8))") == [.decimal])
        #expect(spellings(String(decoding: try JSONEncoder().encode(Array(text.utf8)), as: UTF8.self)) == [.decimal])
        #expect(spellings(text.utf8.map { "\($0)" }.joined(separator: " ")) == [.decimal])
        #expect(spellings(text.uppercased()) == [.otherCase])
        #expect(spellings("ADA.HORSE-🐎 TO-BE") == [.otherCase])
        for before in ["", "x", "xy"] {
            let once = Data((before + text).utf8).base64EncodedString()
            #expect(spellings(Data((before + once).utf8).base64EncodedString()) == [.base64Twice])
        }
        for kept in [CharacterSet.urlQueryAllowed, .urlPathAllowed, .urlHostAllowed, .alphanumerics] {
            let percent = try #require(text.addingPercentEncoding(withAllowedCharacters: kept))
            #expect(spellings(percent) == [.percent])
            #expect(spellings(percent.replacing("%20", with: "+")).contains(.percent))
        }
        let encoder = JSONEncoder()
        #expect(spellings(try encoder.encode([text])).contains(.json))
        encoder.outputFormatting = .withoutEscapingSlashes
        #expect(spellings(try encoder.encode([text])).contains(.json))
        for format in ["\\u%04x", "\\u%04X"] {
            #expect(spellings(text.utf16.map { String(format: format, $0) }.joined()) == [.json])
        }
    }

    @Test func partsAreFoundAndLessIsNot() {
        #expect(spellings(String(text.prefix(12))) == [.plain])
        #expect(spellings(String(text.prefix(11))) == [])
        #expect(spellings(String(text.suffix(12))) == [.plain])
        #expect(spellings(String(text.suffix(11))) == [])
        for start in 0...(text.count - 23) {
            #expect(spellings(String(text.dropFirst(start).prefix(23))).contains(.plain), "from \(start)")
        }
        for offset in ["", "x", "xy"] {
            #expect(spellings(Data((offset + text.prefix(12)).utf8).base64EncodedString()) == [.base64])
        }
    }

    @Test func whatIsThereAtTheEdgesIsFoundAndNothingElse() {
        let data = Data(text.utf8)
        #expect(spellings(data) == [.plain])
        #expect(spellings(Data(count: 100) + data + Data(count: 100)) == [.plain])
        #expect(spellings(Data()) == [])
        #expect(spellings(Data(data.prefix(7))) == [])
        #expect(spellings(Data((0..<100_000).map { _ in UInt8.random(in: .min ... .max) })) == [])
    }

    @Test func bytesThatAreNoTextAreFound() {
        let bytes = (0..<32).map { UInt8($0 * 37 % 256) ^ 0xff }
        let search = LeakSearch([LeakSecret(name: "key", bytes: bytes)])
        func spellings(_ data: Data) -> [LeakSpelling] { search.findings(in: data).map(\.spelling) }
        #expect(spellings(Data([1, 2] + bytes + [3])) == [.plain])
        #expect(spellings(Data("<\(bytes.map { String(format: "%02X", $0) }.joined())>".utf8)) == [.hexadecimal])
        #expect(spellings(Data(("x" + Data(bytes).base64EncodedString()).utf8)) == [.base64])
    }

    @Test func everySecretIsToldByItsName() {
        let data = Data((text + "quite%20another%20secret").utf8)
        #expect(
            search.findings(in: data) == [
                .init(secret: "password", spelling: .plain), .init(secret: "other", spelling: .percent),
            ]
        )
    }
}
