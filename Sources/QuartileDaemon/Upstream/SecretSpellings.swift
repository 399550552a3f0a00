import QuartileCore

/// Finds what a line holds of secrets in the spellings that servers use by themselves: as it is, percent-encoded
/// (RFC 3986, section 2.1), with JSON's escapes (RFC 8259, section 7) or HTML's, in base64 (RFC 4648) or in hex.
///
/// Any ``length`` bytes of a secret are found, and a shorter secret as a whole, whatever the case of ASCII letters; in
/// base64 and in hex, only the beginning, since longer runs are hidden anyway. Not found is what a server would have to
/// hide on purpose: one escape in another, a secret that is reversed or has something in between.
struct SecretSpellings {
    /// How much of a secret is as good as the secret.
    static let length = 12

    /// Pieces to look for in the line as it is read, in lower case, by their first bytes.
    private var pieces: [ArraySlice<UInt8>: [ArraySlice<UInt8>]] = [:]
    /// Likewise, in the line as it is.
    private var encoded: [ArraySlice<UInt8>: [ArraySlice<UInt8>]] = [:]
    /// How many bytes of a piece it is found by.
    private static let keyLength = 4

    /// Secrets that are shorter than `shortest` bytes are not looked for.
    init(_ secrets: [Secret], shortest: Int) {
        for secret in secrets {
            let bytes = secret.withBytes { Array($0) }
            guard bytes.count >= max(shortest, Self.keyLength) else { continue }
            let length = min(Self.length, bytes.count)
            let folded = bytes.map(lowercased)
            for start in 0...(bytes.count - length) {
                let piece = folded[start..<(start + length)]
                pieces[piece.prefix(Self.keyLength), default: []].append(piece)
            }
            for form in Self.base64(bytes.prefix(Self.length)) + Self.hexadecimal(bytes.prefix(Self.length)) {
                encoded[form.prefix(Self.keyLength), default: []].append(form[...])
            }
        }
    }

    /// The places in `line`, each a range of its scalars.
    func ranges(in line: [Unicode.Scalar]) -> [Range<Int>] {
        guard !pieces.isEmpty else { return [] }
        let asItIs = Reading(line) { _, _ in nil }
        let readings = [
            asItIs, Reading(line, Reading.percent(plusIsSpace: false)),
            Reading(line, Reading.percent(plusIsSpace: true)), Reading(line, Reading.json), Reading(line, Reading.html),
        ]
        return search(encoded, asItIs) + readings.flatMap { search(pieces, $0.folded) }
    }

    private func search(_ pieces: [ArraySlice<UInt8>: [ArraySlice<UInt8>]], _ reading: Reading) -> [Range<Int>] {
        let bytes = reading.bytes
        guard bytes.count >= Self.keyLength else { return [] }
        return (0...(bytes.count - Self.keyLength)).flatMap { start -> [Range<Int>] in
            (pieces[bytes[start..<(start + Self.keyLength)]] ?? []).compactMap { piece in
                guard bytes[start...].starts(with: piece) else { return nil }
                return reading.scalars[start].lowerBound..<reading.scalars[start + piece.count - 1].upperBound
            }
        }
    }

    /// At each of the three places in a group, in both alphabets, what depends on nothing but `bytes`.
    private static func base64(_ bytes: ArraySlice<UInt8>) -> [[UInt8]] {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
        return ["+/", "-_"].flatMap { last in
            (0..<3).map { offset in
                let alphabet = letters + Array(last.utf8)
                let bits = [UInt8](repeating: 0, count: offset) + bytes + [0]
                return (((offset * 8 + 5) / 6)..<((offset + bytes.count) * 8 / 6)).map { place in
                    let (byte, bit) = (place * 6 / 8, place * 6 % 8)
                    let pair = UInt16(bits[byte]) << 8 | UInt16(bits[byte + 1])
                    return alphabet[Int(pair >> (10 - bit)) & 63]
                }
            }
        }
    }

    private static func hexadecimal(_ bytes: ArraySlice<UInt8>) -> [[UInt8]] {
        ["0123456789abcdef", "0123456789ABCDEF"].map { digits in
            let digits = Array(digits.utf8)
            return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        }
    }
}

/// Of ASCII letters only: other letters are more than a byte.
private func lowercased(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
}

/// The bytes that a line stands for to somebody who takes its escapes away, and where in it each comes from.
private struct Reading {
    private(set) var bytes: [UInt8] = []
    private(set) var scalars: [Range<Int>] = []

    /// What the scalars from a place on stand for, and how many they are; nil for a scalar that stands for itself.
    typealias Escape = ([Unicode.Scalar], Int) -> (bytes: [UInt8], length: Int)?

    init(_ line: [Unicode.Scalar], _ escape: Escape) {
        var place = 0
        while place < line.count {
            let (read, length) = escape(line, place) ?? (Array(String(line[place]).utf8), 1)
            bytes += read
            scalars += read.map { _ in place..<(place + length) }
            place += length
        }
    }

    /// The same in lower case.
    var folded: Reading {
        var reading = self
        reading.bytes = bytes.map(lowercased)
        return reading
    }

    static func percent(plusIsSpace: Bool) -> Escape {
        { line, place in
            switch line[place] {
            case "%": number(line, place + 1, digits: 2).map { ([UInt8($0)], 3) }
            case "+" where plusIsSpace: ([UInt8(ascii: " ")], 1)
            default: nil
            }
        }
    }

    static func json(_ line: [Unicode.Scalar], _ place: Int) -> (bytes: [UInt8], length: Int)? {
        guard line[place] == "\\", place + 1 < line.count else { return nil }
        switch line[place + 1] {
        case "\"", "\\", "/": return (Array(String(line[place + 1]).utf8), 2)
        case "u":
            guard let first = number(line, place + 2, digits: 4) else { return nil }
            if let scalar = Unicode.Scalar(first) { return (Array(String(scalar).utf8), 6) }
            // Half of a pair; it stands for something together with the other.
            guard place + 7 < line.count, line[place + 6] == "\\", line[place + 7] == "u",
                let second = number(line, place + 8, digits: 4), (0xd800..<0xdc00).contains(first),
                (0xdc00..<0xe000).contains(second),
                let scalar = Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
            else { return nil }
            return (Array(String(scalar).utf8), 12)
        default: return nil
        }
    }

    /// Characters by number, and those by name that are escaped everywhere (HTML, "Character references").
    static func html(_ line: [Unicode.Scalar], _ place: Int) -> (bytes: [UInt8], length: Int)? {
        guard line[place] == "&", let end = line[place...].prefix(12).firstIndex(of: ";") else { return nil }
        var reference = String.UnicodeScalarView()
        reference.append(contentsOf: line[(place + 1)..<end])
        let name = String(reference).lowercased()
        let named: [String: Unicode.Scalar] = [
            "lt": "<", "gt": ">", "amp": "&", "quot": "\u{22}", "apos": "'", "nbsp": " ",
        ]
        let number = name.hasPrefix("#x") ? UInt32(name.dropFirst(2), radix: 16) : UInt32(name.dropFirst())
        guard let scalar = named[name] ?? (name.hasPrefix("#") ? number.flatMap(Unicode.Scalar.init) : nil) else {
            return nil
        }
        return (Array(String(scalar).utf8), end + 1 - place)
    }

    /// The number that stands in hex at a place.
    private static func number(_ line: [Unicode.Scalar], _ place: Int, digits: Int) -> UInt32? {
        guard place + digits <= line.count else { return nil }
        var number: UInt32 = 0
        for scalar in line[place..<(place + digits)] {
            guard scalar.isASCII, let digit = Character(scalar).hexDigitValue else { return nil }
            number = number << 4 | UInt32(digit)
        }
        return number
    }
}
