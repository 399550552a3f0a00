/// A disk that may lose, and tear, everything that was not synced, in any order: the weakest that POSIX allows.
struct SimulatedDisk: Sendable {
    private enum Change: Sendable {
        case write(offset: Int, [UInt8])
        case setSize(Int)
    }

    private enum NameChange: Sendable {
        case add(String, Int)
        case remove(String)
        case rename(String, to: String, Int)
    }

    private struct File: Sendable {
        var durable: [UInt8] = []
        var pending: [Change] = []
    }

    private var files: [File] = []
    private var names: [String: Int] = [:]
    private var durableNames: [String: Int] = [:]
    private var pendingNames: [NameChange] = []
    /// The newest generation that a client was told of.
    private(set) var acknowledged = 0
    private let directory: String

    /// An empty directory.
    init(directory: String) { self.directory = directory }

    mutating func apply(_ event: DiskEvent) throws {
        switch event {
        case .create(let path):
            names[path] = files.count
            pendingNames.append(.add(path, files.count))
            files.append(File())
        case .write(let path, let offset, let bytes):
            files[try file(path)].pending.append(.write(offset: offset, bytes))
        case .setSize(let path, let size): files[try file(path)].pending.append(.setSize(size))
        case .sync(directory):
            durableNames = names
            pendingNames = []
        case .sync(let path):
            let index = try file(path)
            for change in files[index].pending { SimulatedDisk.apply(change, to: &files[index].durable) }
            files[index].pending = []
        case .rename(let from, let to):
            let index = try file(from)
            names[from] = nil
            names[to] = index
            pendingNames.append(.rename(from, to: to, index))
        case .remove(let path):
            names[path] = nil
            pendingNames.append(.remove(path))
        case .acknowledge(let generation): acknowledged = max(acknowledged, generation)
        }
    }

    /// How much of what was not synced survives a power cut.
    enum Survival: Sendable {
        case nothing
        case everything
        /// Each write whole, in part, or not at all, whatever came before or after it.
        case byChance
    }

    /// The files as they are found after a power cut, by their paths.
    func cut(_ survival: Survival, using random: inout some RandomNumberGenerator) -> [String: [UInt8]] {
        var found = durableNames
        for change in pendingNames where survives(survival, &random) {
            switch change {
            case .add(let path, let index): found[path] = index
            case .remove(let path): found[path] = nil
            case .rename(let from, let to, let index):
                found[from] = nil
                found[to] = index
            }
        }
        return found.mapValues { index in
            var content = files[index].durable
            for change in files[index].pending where survives(survival, &random) {
                guard case .write(let offset, let bytes) = change, survival == .byChance, Bool.random(using: &random)
                else {
                    SimulatedDisk.apply(change, to: &content)
                    continue
                }
                // Torn at the sectors of a disk, of the old kind or the new.
                let sector = Bool.random(using: &random) ? 512 : 4096
                var start = 0
                while start < bytes.count {
                    let end = min(bytes.count, ((offset + start) / sector + 1) * sector - offset)
                    if Bool.random(using: &random) {
                        SimulatedDisk.apply(.write(offset: offset + start, Array(bytes[start..<end])), to: &content)
                    }
                    start = end
                }
            }
            return content
        }
    }

    private func survives(_ survival: Survival, _ random: inout some RandomNumberGenerator) -> Bool {
        switch survival {
        case .nothing: false
        case .everything: true
        case .byChance: Bool.random(using: &random)
        }
    }

    private func file(_ path: String) throws -> Int {
        guard let index = names[path] else { throw Unmet("\(path) is written to and was never made") }
        return index
    }

    private static func apply(_ change: Change, to content: inout [UInt8]) {
        switch change {
        case .setSize(let size):
            if size < content.count {
                content.removeLast(content.count - size)
            } else {
                content += [UInt8](repeating: 0, count: size - content.count)
            }
        case .write(let offset, let bytes):
            let end = offset + bytes.count
            if end > content.count { content += [UInt8](repeating: 0, count: end - content.count) }
            content.replaceSubrange(offset..<end, with: bytes)
        }
    }
}
