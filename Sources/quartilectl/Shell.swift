/// Words for `sh`.
enum Shell {
    /// The text between single quotes: the shell takes it as it is, whatever it holds (POSIX.1-2024, XCU 2.2.2).
    static func singleQuoted(_ text: String) -> String {
        var quoted = "'"
        for scalar in text.unicodeScalars {
            if scalar == "'" { quoted += "'\\''" } else { quoted.unicodeScalars.append(scalar) }
        }
        return quoted + "'"
    }

    /// The text as one word, with quotes only where it needs them.
    static func quoted(_ text: String) -> String {
        let plain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "@"): true
            case UInt8(ascii: "+"), UInt8(ascii: ":"), UInt8(ascii: "%"), UInt8(ascii: ","): true
            default: false
            }
        }
        return plain && !text.isEmpty ? text : singleQuoted(text)
    }
}
