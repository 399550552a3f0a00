import QuartileCore

/// The upstream API's own words, made fit to be shown.
enum QuotedMessage {
    /// The most characters (Unicode scalars: of one that people see there is no longest) of the API's words that are
    /// shown.
    static let limit = 200
    /// A run of this many token characters may be a token and is never shown.
    static let secretRun = 20
    /// Hiding a secret that is shorter would blank out ordinary words, and show which.
    static let shortestHidden = 4

    /// `text` in quotation marks: one line, each run that may be a token replaced, at most ``limit`` characters.
    ///
    /// What the API repeats of `secrets` is replaced as well, in whatever spelling: a password may be shorter than a token,
    /// or hold a space.
    static func quote(_ text: String, hiding secrets: [Secret] = []) -> String {
        inQuotes(clean(text, hiding: secrets))
    }

    /// Somebody else's words in quotation marks, which they can't end: what would follow would pass for ours.
    static func inQuotes(_ words: String) -> String {
        let quotationMarks: Set<Unicode.Scalar> = [
            "\u{22}", "\u{AB}", "\u{BB}", "\u{201C}", "\u{201D}", "\u{201E}", "\u{201F}", "\u{2033}", "\u{FF02}",
        ]
        var inner = String.UnicodeScalarView()
        inner.append(contentsOf: words.unicodeScalars.map { quotationMarks.contains($0) ? "'" : $0 })
        return "\u{22}\(inner)\u{22}"
    }

    /// ``quote(_:hiding:)`` without the quotation marks.
    ///
    /// What can't be seen goes first, since a secret that it divides is joined again by whoever copies it. What is to be
    /// hidden is all found before anything is replaced, or the hiding of one secret would break another in two.
    static func clean(
        _ text: some StringProtocol,
        hiding secrets: [Secret] = [],
        secretRun: Int = secretRun
    ) -> String {
        let line = oneLine(text)
        var isHidden = [Bool](repeating: false, count: line.count)
        let texts = secrets.map { oneLine($0.reveal()) }
        for secret in texts where secret.count >= shortestHidden {
            // Also where two overlap, which is where half of one would be left.
            for start in line.indices where line[start...].starts(with: secret) {
                hide(start..<start + secret.count, in: &isHidden)
            }
        }
        let spellings = SecretSpellings(secrets + texts.map(Secret.init(scalars:)), shortest: shortestHidden)
        for range in spellings.ranges(in: line) { hide(range, in: &isHidden) }
        for run in line.indices.split(whereSeparator: { !isTokenCharacter(line[$0]) }) where run.count >= secretRun {
            hide(run.startIndex..<run.endIndex, in: &isHidden)
        }
        var shown = String.UnicodeScalarView()
        for index in line.indices {
            if !isHidden[index] {
                shown.append(line[index])
            } else if index == 0 || !isHidden[index - 1] {
                shown.append(contentsOf: "<redacted>".unicodeScalars)
            }
        }
        if shown.first == " " { shown.removeFirst() }
        return shown.count <= limit ? String(shown) : String(shown.prefix(limit - 3)) + "..."
    }

    private static func hide(_ range: Range<Int>, in isHidden: inout [Bool]) {
        for index in range { isHidden[index] = true }
    }

    /// What can be seen of `text`, with one space for each gap.
    private static func oneLine(_ text: some StringProtocol) -> [Unicode.Scalar] {
        var line: [Unicode.Scalar] = []
        for scalar in text.unicodeScalars.lazy.compactMap(visible) where scalar != " " || line.last != " " {
            line.append(scalar)
        }
        return line
    }

    /// Line breaks and tabs become spaces; nil for what is to be dropped.
    private static func visible(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
        switch scalar {
        case "\n", "\r", "\t", "\u{2028}", "\u{2029}": return " "
        default: break
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned: return nil
        default: return scalar
        }
    }

    private static func isTokenCharacter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "A"..."Z", "a"..."z", "0"..."9", "-", ".", "_", "~", "+", "/", "=": true
        default: false
        }
    }
}

extension Secret {
    fileprivate init(scalars: [Unicode.Scalar]) {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        self.init(String(text))
    }
}
