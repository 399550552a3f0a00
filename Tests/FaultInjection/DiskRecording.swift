import EndToEndHarness
import Foundation

/// Something that a program did to its files, or promised.
enum DiskEvent: Sendable {
    /// A file that was not there has a name now.
    case create(String)
    case write(String, offset: Int, [UInt8])
    case setSize(String, Int)
    /// Everything written to this file, or every name changed in this directory, is on disk from here on.
    case sync(String)
    case rename(String, to: String)
    case remove(String)
    /// A client was told of this generation of `ada`'s.
    case acknowledge(Int)
}

/// What a daemon did to the files of a directory, read from a log of
/// `strace -f -ttt -y -xx -s 1000000 -e trace=… -o FILE`.
struct DiskRecording: Sendable {
    let events: [DiskEvent]

    /// What strace is to be told, but for the log's name.
    static let options = [
        "-f", "-ttt", "-y", "-xx", "-s", "1000000", "-e",
        "trace=openat,pwrite64,pwritev,write,writev,sendmsg,ftruncate,fallocate,fsync,fdatasync,unlink,unlinkat,"
            + "rename,renameat,renameat2,mmap",
    ]

    /// Reads what concerns the files in `directory`.
    init(_ log: String, of directory: String) throws {
        var parser = Parser(directory: directory)
        for line in log.split(separator: "\n") { try parser.read(line) }
        events = parser.events
    }
}

extension DiskRecording {
    fileprivate struct Parser {
        let directory: String
        var events: [DiskEvent] = []
        private var files: Set<String> = []
        /// What a thread has begun: its effect, once it has come through.
        private var begun: [Substring: [DiskEvent]] = [:]

        init(directory: String) { self.directory = directory }

        mutating func read(_ line: Substring) throws {
            let words = line.split(separator: " ", maxSplits: 2)
            guard words.count == 3 else { return }
            let thread = words[0]
            if words[2].hasPrefix("<... ") {
                let effects = begun.removeValue(forKey: thread) ?? []
                if !words[2].contains("= -1 ") { events += effects }
                return
            }
            guard let parenthesis = words[2].firstIndex(of: "(") else { return }
            let name = words[2][..<parenthesis]
            let arguments = words[2][words[2].index(after: parenthesis)...]
            let effects = try effects(of: name, arguments)
            guard arguments.hasSuffix("<unfinished ...>") else {
                if !arguments.contains(") = -1 ") { events += effects }
                return
            }
            // What was written may be on disk before the call is over; a sync is one when it is.
            switch effects.first {
            case .sync, .acknowledge: begun[thread] = effects
            default: events += effects
            }
        }

        private mutating func effects(of name: Substring, _ arguments: Substring) throws -> [DiskEvent] {
            let path = arguments.firstIndex(of: "<").map {
                Self.text(arguments[$0...].dropFirst().prefix { $0 != ">" })
            }
            let strings = Self.strings(arguments)
            switch name {
            case "openat":
                let opened = strings.first.map(Self.text) ?? ""
                guard isOurs(opened), arguments.contains("O_CREAT") else { return [] }
                try hold(!arguments.contains("O_TRUNC"), "an open that cuts is not simulated: \(opened)")
                return files.insert(opened).inserted ? [.create(opened)] : []
            case "pwrite64":
                guard let path, isOurs(path), let data = strings.first else { return [] }
                let numbers = Self.numbers(arguments)
                let offset = try present(numbers.last, "an offset of a write to \(path)")
                return [.write(path, offset: offset, Self.bytes(data))]
            case "ftruncate":
                guard let path, isOurs(path) else { return [] }
                return [.setSize(path, try present(Self.numbers(arguments).last, "a size of \(path)"))]
            case "fsync", "fdatasync":
                guard let path, isOurs(path) || path == directory else { return [] }
                return [.sync(path)]
            case "rename", "renameat", "renameat2":
                let names = strings.map(Self.text)
                guard names.count == 2, isOurs(names[0]) || isOurs(names[1]) else { return [] }
                files.remove(names[0])
                files.insert(names[1])
                return [.rename(names[0], to: names[1])]
            case "unlink", "unlinkat":
                guard let removed = strings.first.map(Self.text), isOurs(removed), files.remove(removed) != nil else {
                    return []
                }
                return [.remove(removed)]
            case "fallocate":
                // The ballast, of which only the space counts.
                return []
            case "write", "writev", "sendmsg":
                if let path, isOurs(path) { throw Unmet("a \(name) to \(path) is not simulated") }
                return try Self.acknowledged(strings)
            case "mmap":
                if let path, isOurs(path) { throw Unmet("a mapping of \(path) is not simulated") }
                return []
            default:
                if let path, isOurs(path) { throw Unmet("a \(name) of \(path) is not simulated") }
                return []
            }
        }

        private func isOurs(_ path: String) -> Bool { path.hasPrefix(directory + "/") }

        private static func acknowledged(_ strings: [Substring]) throws -> [DiskEvent] {
            let said = strings.map(text).joined()
            guard said.hasPrefix("{"), said.contains("\"generation\"") else { return [] }
            return try said.split(separator: "\n").compactMap { line in
                let result = try JSON(line)["result"]
                guard result?["account"] == "ada", let generation = result?["generation"]?.int else { return nil }
                return .acknowledge(generation)
            }
        }

        /// Numbers among the arguments, the result not included.
        private static func numbers(_ arguments: Substring) -> [Int] {
            let end = arguments.lastRange(of: ")")?.lowerBound ?? arguments.endIndex
            let call = arguments[..<(arguments.firstRange(of: ") = ")?.lowerBound ?? end)]
            return call.replacing(" <unfinished ...>", with: "").split(separator: ", ").compactMap { Int($0) }
        }

        private static func strings(_ arguments: Substring) -> [Substring] {
            let pieces = arguments.split(separator: "\"", omittingEmptySubsequences: false)
            return pieces.indices.filter { $0 % 2 == 1 }.map { pieces[$0] }
        }

        private static func text(_ hex: Substring) -> String { String(decoding: bytes(hex), as: UTF8.self) }

        /// What stands as `\x2f\x74`; everything else as it is.
        private static func bytes(_ hex: Substring) -> [UInt8] {
            var bytes: [UInt8] = []
            let text = Array(hex.utf8)
            bytes.reserveCapacity(text.count / 4)
            var index = 0
            while index < text.count {
                if index + 3 < text.count, text[index] == UInt8(ascii: "\\"), text[index + 1] == UInt8(ascii: "x") {
                    bytes.append(digit(text[index + 2]) << 4 | digit(text[index + 3]))
                    index += 4
                } else {
                    bytes.append(text[index])
                    index += 1
                }
            }
            return bytes
        }

        private static func digit(_ character: UInt8) -> UInt8 {
            character <= UInt8(ascii: "9") ? character & 0x0f : (character & 0x0f) + 9
        }
    }
}

extension Substring {
    fileprivate func lastRange(of text: String) -> Range<Index>? { ranges(of: text).last }
}
