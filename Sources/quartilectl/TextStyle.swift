/// How text for people has to look where it is read.
struct TextStyle: Equatable {
    /// Whether anything but ASCII can be read there.
    var isUTF8: Bool
    /// How many columns there are.
    var width: Int

    /// The narrowest and the widest that output is laid out for.
    static let widths = 40...100
    /// The width where nobody knows it.
    static let defaultWidth = 60

    /// The text on one line and without what could take over a terminal, since some of it comes from an API: white space
    /// of any kind is a space, control characters and their like are `?`, and so is all but ASCII where that can't be read.
    func clean(_ text: String) -> String {
        var cleaned = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { cleaned.append(clean(scalar)) }
        return String(cleaned)
    }

    private func clean(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        if scalar.isASCII {
            switch scalar.value {
            case 0x20...0x7E: return scalar
            case 0x09...0x0D: return " "
            default: return "?"
            }
        }
        guard isUTF8 else { return "?" }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned: return "?"
        case .lineSeparator, .paragraphSeparator, .spaceSeparator: return " "
        default: return scalar
        }
    }

    /// A label and its value; what does not fit goes on below the value, words kept whole where they fit on a line.
    func field(_ label: String, _ value: String, column: Int = 17) -> String {
        let start = "  " + label + String(repeating: " ", count: max(1, column - 2 - label.count))
        return wrap(start: start, clean(value), indent: column)
    }

    /// A text that begins after `start`, and whose further lines are indented.
    func wrap(start: String, _ text: String, indent: Int) -> String {
        var lines: [String] = []
        var line = start
        var isEmpty = true
        func breakLine() {
            lines.append(line)
            line = String(repeating: " ", count: indent)
            isEmpty = true
        }
        for word in text.split(separator: " ") {
            var rest = word[...]
            if !isEmpty, line.count + 1 + rest.count > width { breakLine() }
            while rest.count > max(1, width - line.count - (isEmpty ? 0 : 1)) {
                let room = max(1, width - line.count)
                line += rest.prefix(room)
                rest = rest.dropFirst(room)
                breakLine()
            }
            line += (isEmpty ? "" : " ") + rest
            isEmpty = false
        }
        lines.append(line)
        return lines.map { $0 + "\n" }.joined()
    }
}
