/// The faults that wait, in the order they were added. The first that matches a call strikes it.
struct FaultBook: Sendable {
    /// A fault that has an id.
    struct Entry: Sendable {
        let id: Int
        var fault: Fault
    }

    private(set) var entries: [Entry] = []
    private var lastID = 0

    /// Adds a fault and names it.
    mutating func add(_ fault: Fault) -> Int {
        lastID += 1
        entries.append(Entry(id: lastID, fault: fault))
        return lastID
    }

    /// Whether a fault still stands. One that is used up stands until it is removed, so that a hanging call hangs on.
    func stands(_ id: Int) -> Bool {
        entries.contains { $0.id == id }
    }

    /// Removes one fault, or all. Says how many there were.
    mutating func remove(_ id: Int? = nil) -> Int {
        let before = entries.count
        entries.removeAll { id == nil || $0.id == id }
        return before - entries.count
    }

    /// The fault that strikes this call, if any. Counts it.
    mutating func strike(call: CallKind, version: APIVersion?, username: String?) -> Entry? {
        for index in entries.indices {
            let fault = entries[index].fault
            guard fault.remaining != 0,
                fault.call == nil || fault.call == call,
                fault.version == nil || fault.version == version,
                fault.username == nil || fault.username == username
            else { continue }
            if fault.skip > 0 {
                entries[index].fault.skip -= 1
                continue
            }
            entries[index].fault.struck += 1
            entries[index].fault.remaining = fault.remaining.map { $0 - 1 }
            return entries[index]
        }
        return nil
    }
}
