import Foundation

/// A secret that a test gave to the programs.
struct LeakSecret: Hashable {
    enum Value: Hashable {
        case text(String)
        case bytes([UInt8])
    }

    /// What it is, for people: the kind first, as in `refresh token of the import`.
    let name: String
    let value: Value

    init(name: String, text: String) { (self.name, value) = (name, .text(text)) }

    init(name: String, bytes: [UInt8]) { (self.name, value) = (name, .bytes(bytes)) }

    /// What there is of it to be found: its beginning, its end, and each part in between, as long as `length`.
    fileprivate func parts(_ length: Int) -> [Value] {
        func starts(_ count: Int) -> Set<Int> {
            precondition(count >= length, "too short to be told from anything else: \(name)")
            return Set(stride(from: 0, through: count - length, by: length)).union([count - length])
        }
        switch value {
        case .bytes(let bytes):
            return starts(bytes.count).map { .bytes(Array(bytes[$0..<($0 + length)])) }
        case .text(let text):
            let scalars = Array(text.unicodeScalars)
            return starts(scalars.count).map { start in
                var part = String.UnicodeScalarView()
                part.append(contentsOf: scalars[start..<(start + length)])
                return .text(String(part))
            }
        }
    }
}

/// Looks for secrets in all their spellings.
///
/// What is found: any 12 characters at the beginning or the end of a secret, and any 23 from the middle, in one piece and
/// in one spelling.
///
/// What is not: a secret that is reversed, compressed or encrypted, that other text or the end of a line divides, that is
/// in two spellings at once (but ``LeakSpelling/base64Twice``) or in cases mixed anew. And nothing is found where nobody
/// looks: in the name of a thread, in what a process puts into its own environment (`/proc/PID/environ` shows what it was
/// started with), in files that it wrote to other directories than ``LeakGround`` reads.
struct LeakSearch {
    /// How much of a secret is as good as the secret.
    static let length = 12

    struct Finding: Hashable {
        let secret: String
        let spelling: LeakSpelling
    }

    private struct Needle {
        let bytes: [UInt8]
        /// One for each secret that it is a part of.
        var findings: [Finding]
    }

    private var needles: [Needle] = []
    /// The needles by their first eight bytes.
    private var index: [UInt64: [Int]] = [:]
    /// A bit for the hash of each of these: most of what is searched ends here.
    private var filter = [UInt64](repeating: 0, count: 1 << 14)

    init(_ secrets: some Sequence<LeakSecret>) {
        var numbers: [[UInt8]: Int] = [:]
        for secret in secrets {
            for part in secret.parts(Self.length) {
                for spelling in LeakSpelling.allCases {
                    for form in spelling.forms(of: part) {
                        let finding = Finding(secret: secret.name, spelling: spelling)
                        guard let number = numbers[form] else {
                            numbers[form] = needles.count
                            add(Needle(bytes: form, findings: [finding]))
                            continue
                        }
                        // What needs no escapes is plain, and in no other spelling.
                        guard !needles[number].findings.contains(where: { $0.secret == secret.name }) else { continue }
                        needles[number].findings.append(finding)
                    }
                }
            }
        }
    }

    private mutating func add(_ needle: Needle) {
        let start = needle.bytes.prefix(8).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        index[start, default: []].append(needles.count)
        needles.append(needle)
        let bit = Self.bit(start)
        filter[bit >> 6] |= 1 << UInt64(bit & 63)
    }

    private static func bit(_ start: UInt64) -> Int { Int((start &* 0x9e37_79b9_7f4a_7c15) >> 44) }

    /// What is in `data`.
    func findings(in data: Data) -> Set<Finding> {
        var findings: Set<Finding> = []
        data.withUnsafeBytes { bytes in
            filter.withUnsafeBufferPointer { filter in
                var last: UInt64 = 0
                var place = 0
                for byte in bytes {
                    last = last << 8 | UInt64(byte)
                    place += 1
                    if last == 0 { continue }
                    let bit = Self.bit(last)
                    guard filter[bit >> 6] & (1 << UInt64(bit & 63)) != 0, place >= 8 else { continue }
                    for number in index[last] ?? [] {
                        let needle = needles[number]
                        let end = place - 8 + needle.bytes.count
                        if end <= bytes.count, bytes[(place - 8)..<end].elementsEqual(needle.bytes) {
                            findings.formUnion(needle.findings)
                        }
                    }
                }
            }
        }
        return findings
    }
}
