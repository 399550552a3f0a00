import QuartileCore

/// The upstream API's own words, made fit to be shown.
enum QuotedMessage {
    /// The most characters of the API's words that are shown.
    static let limit = 200
    /// A run of this many token characters may be a token and is never shown.
    static let secretRun = 20

    /// `text` in quotation marks: one line, each run that may be a token replaced, at most ``limit`` characters.
    ///
    /// What the API repeats of `secrets` is replaced as well: a password may be shorter than a token, or hold a space.
    static func quote(_ text: String, hiding secrets: [Secret] = []) -> String {
        var text = text
        for secret in secrets.map({ $0.reveal() }) where secret.count >= shortestHidden {
            text = text.replacing(secret, with: "<redacted>")
        }
        return "\u{22}\(clean(text))\u{22}"
    }

    /// Hiding what is shorter would blank out ordinary words, and show which.
    private static let shortestHidden = 4

    /// ``quote(_:)`` without the quotation marks.
    ///
    /// Control and format characters go first, since a token that they divide is joined again by whoever copies it.
    static func clean(_ text: some StringProtocol) -> String {
        var shown = String.UnicodeScalarView()
        var run = String.UnicodeScalarView()
        func endRun() {
            shown.append(contentsOf: run.count >= secretRun ? "<redacted>".unicodeScalars : run)
            run.removeAll()
        }
        for scalar in text.unicodeScalars {
            if isTokenCharacter(scalar) {
                run.append(scalar)
            } else if let kept = visible(scalar) {
                endRun()
                if kept != " " || shown.last != " " { shown.append(kept) }
            }
        }
        endRun()
        let line = String(shown)
        let trimmed = line.drop { $0 == " " }
        return trimmed.count <= limit ? String(trimmed) : trimmed.prefix(limit - 3) + "..."
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
