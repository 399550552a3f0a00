import FuzzSupport
import QuartileCore

@testable import QuartileDaemon

/// Checks what is shown of `text`, with any part of it being a secret.
func checkQuote(_ text: String) {
    check(QuotedMessage.quote(text))
    guard let secret = part(of: text) else { return }
    let shown = QuotedMessage.quote(text, hiding: [Secret(secret)])
    check(shown)
    // A quotation mark is shown as an apostrophe, so that other words may come to look like a secret that holds one.
    for words in words(of: shown) where !secret.contains("'") {
        expect(!words.contains(Array(secret.unicodeScalars)), "a secret is not shown")
    }
}

/// What the API said of what is shown: neither the quotation marks nor what stands for something else, in which a
/// secret's letters prove nothing.
private func words(of shown: String) -> [[Unicode.Scalar]] {
    let redacted = Array("<redacted>".unicodeScalars)
    var quoted = Array(shown.unicodeScalars.dropFirst().dropLast())
    if quoted.suffix(3).elementsEqual("...".unicodeScalars) {
        quoted.removeLast(3)
        if let cut = (1...redacted.count).first(where: { quoted.suffix($0).elementsEqual(redacted.prefix($0)) }) {
            quoted.removeLast(cut)
        }
    }
    return quoted.split(separator: redacted).map(Array.init)
}

private func check(_ quoted: String) {
    // Scalars, since an accent at the beginning is one character with the quotation mark before it.
    let scalars = quoted.unicodeScalars
    expect(scalars.count >= 2 && scalars.first == "\"" && scalars.last == "\"", "what the API says is quoted")
    let shown = scalars.dropFirst().dropLast()
    expect(shown.count <= 200, "of what the API says, 200 characters are shown")
    let isHarmless = shown.allSatisfy { scalar in
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
    expect(isHarmless, "what is shown can be seen and does nothing else")
    // What was cut ends in three dots, which are no part of a token.
    let words = shown.suffix(3).elementsEqual("...".unicodeScalars) ? shown.dropLast(3) : shown
    expect(String(words).longestTokenRun < 20, "what may be a token is not shown")
}

/// A part of `text` that is neither too short to be hidden nor long enough to be taken for a token anyway.
private func part(of text: String) -> String? {
    let scalars = Array(text.unicodeScalars)
    guard scalars.count >= 4 else { return nil }
    var chance = Chance(Array(text.utf8))
    let length = Int.random(in: 4...min(19, scalars.count), using: &chance)
    let start = Int.random(in: 0...(scalars.count - length), using: &chance)
    var part = String.UnicodeScalarView()
    part.append(contentsOf: scalars[start..<start + length])
    return String(part)
}

extension [Unicode.Scalar] {
    fileprivate func contains(_ part: [Unicode.Scalar]) -> Bool {
        guard count >= part.count else { return false }
        return (0...(count - part.count)).contains { self[$0..<$0 + part.count].elementsEqual(part) }
    }
}
