import Foundation

/// A way to write a text down in which a secret is still the secret.
enum LeakSpelling: String, CaseIterable {
    /// As it is, in UTF-8.
    case plain
    /// All in lower case, or all in upper case.
    case otherCase = "another case"
    case utf16 = "UTF-16"
    /// RFC 4648, both alphabets, wherever in a longer text it begins.
    case base64
    case base64Twice = "base64 of base64"
    /// With nothing in between, or with what people and languages put there.
    case hexadecimal
    /// As languages print a list of bytes.
    case decimal = "list of numbers"
    /// RFC 3986, section 2.1, and forms; whatever is encoded of it beside what must be.
    case percent = "percent-encoding"
    /// RFC 8259, section 7; whatever is escaped of it beside what must be.
    case json = "JSON escapes"

    /// What is in this spelling of anything that `value` is a part of.
    func forms(of value: LeakSecret.Value) -> Set<[UInt8]> {
        switch value {
        case .text(let text): forms(of: text)
        case .bytes(let bytes):
            switch self {
            case .plain: [bytes]
            case .base64: base64(of: bytes)
            case .base64Twice: base64Twice(of: bytes)
            case .hexadecimal: hexadecimal(of: bytes)
            case .decimal: decimal(of: bytes)
            case .otherCase, .utf16, .percent, .json: []
            }
        }
    }

    func forms(of text: String) -> Set<[UInt8]> {
        switch self {
        case .plain: [Array(text.utf8)]
        case .otherCase:
            Set([text.lowercased(), text.uppercased()].filter { $0 != text }.map { Array($0.utf8) })
        case .utf16: [text.utf16.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }, text.utf16.flatMap(bigEndian)]
        case .base64: base64(of: Array(text.utf8))
        case .base64Twice: base64Twice(of: Array(text.utf8))
        case .hexadecimal: hexadecimal(of: Array(text.utf8))
        case .decimal: decimal(of: Array(text.utf8))
        case .percent: percent(of: text)
        case .json: json(of: text)
        }
    }

    private func hexadecimal(of bytes: [UInt8]) -> Set<[UInt8]> {
        Set(
            Self.digits.flatMap { digits in
                let numbers = bytes.map { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
                return ["", " ", ":", "-", "\\x", ", 0x", ",0x", " 0x"].map {
                    Array(numbers.joined(separator: $0.utf8))
                }
            }
        )
    }

    private func decimal(of bytes: [UInt8]) -> Set<[UInt8]> {
        Set([", ", ",", " "].map { Array(bytes.map(String.init).joined(separator: $0).utf8) })
    }

    private func base64Twice(of bytes: [UInt8]) -> Set<[UInt8]> {
        base64(of: bytes).reduce(into: []) { $0.formUnion(base64(of: $1)) }
    }

    private static let digits = [Array("0123456789abcdef".utf8), Array("0123456789ABCDEF".utf8)]

    /// At each of the three places in a group of bytes, what depends on nothing but `bytes`.
    private func base64(of bytes: [UInt8]) -> Set<[UInt8]> {
        Set(
            (0..<3).flatMap { offset in
                let data = Data([UInt8](repeating: 0, count: offset) + bytes + [0, 0])
                let whole = Array(data.base64EncodedString().utf8)
                let form = Array(whole[((offset * 8 + 5) / 6)..<((offset + bytes.count) * 8 / 6)])
                let other = form.map { byte in
                    switch byte {
                    case UInt8(ascii: "+"): UInt8(ascii: "-")
                    case UInt8(ascii: "/"): UInt8(ascii: "_")
                    default: byte
                    }
                }
                return [form, other]
            }
        )
    }

    private func percent(of text: String) -> Set<[UInt8]> {
        let unreserved = Set("-._~".utf8)
        let reserved = Set(":/?#[]@!$&'()*+,;=".utf8)
        var forms: Set<[UInt8]> = []
        for digits in Self.digits {
            // Everything, all but letters and digits, as RFC 3986 has it, as forms do, and all but delimiters.
            for kept in [nil, [], unreserved, Set("-._*".utf8), unreserved.union(reserved)] as [Set<UInt8>?] {
                for space in [Array("%20".utf8), Array("+".utf8)] {
                    forms.insert(
                        text.utf8.flatMap { byte -> [UInt8] in
                            if byte == UInt8(ascii: " "), kept != nil { return space }
                            if let kept, isAlphanumeric(byte) || kept.contains(byte) { return [byte] }
                            return [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
                        }
                    )
                }
            }
        }
        return forms
    }

    private func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
    }

    private func json(of text: String) -> Set<[UInt8]> {
        var forms: Set<[UInt8]> = []
        for digits in Self.digits {
            for (escapesAll, escapesSlash, escapesNonASCII) in [
                (false, false, false), (false, true, false), (false, false, true), (false, true, true),
                (true, true, true),
            ] {
                forms.insert(
                    text.unicodeScalars.flatMap { scalar -> [UInt8] in
                        switch scalar {
                        case _ where escapesAll: break
                        case "\"", "\\": return Array("\\\(scalar)".utf8)
                        case "/" where escapesSlash: return Array("\\/".utf8)
                        case "\n": return Array("\\n".utf8)
                        case "\t": return Array("\\t".utf8)
                        case _ where scalar.value < 0x20 || (escapesNonASCII && !scalar.isASCII): break
                        default: return Array(scalar.utf8)
                        }
                        return scalar.utf16.flatMap { unit in
                            Array("\\u".utf8)
                                + stride(from: 12, through: 0, by: -4).map { digits[Int(unit >> $0) & 15] }
                        }
                    }
                )
            }
        }
        return forms
    }
}

private func bigEndian(_ unit: UInt16) -> [UInt8] { [UInt8(unit >> 8), UInt8(unit & 0xff)] }
