/// The systemd unit that a process belongs to, as its control group says (cgroups(7), systemd.unit(5)).
///
/// A unit of the system manager can be chosen by root alone. A unit of a user's own manager is chosen by that user, and
/// so by every program of that user.
enum SystemdUnit {
    /// Kinds of units that have processes.
    private static let kinds = ["service", "scope", "socket", "mount", "swap"]
    /// The longest name that systemd takes (systemd.unit(5), "Description").
    private static let maximumLength = 255

    /// Whether `name` can be that of a unit with processes, such as `backup.service`.
    static func isName(_ name: some StringProtocol) -> Bool {
        guard name.utf8.count <= maximumLength, let dot = name.lastIndex(of: "."), dot != name.startIndex,
            kinds.contains(where: { name[dot...].dropFirst() == $0 })
        else { return false }
        // systemd.unit(5): letters, digits and :-_.\ and, before the name of an instance, @.
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."), UInt8(ascii: "\\"), UInt8(ascii: "@"):
                true
            default: false
            }
        }
    }

    /// The unit that a `/proc/PID/cgroup` names: within a user's manager the unit there, else the system's; nil where
    /// there is none.
    static func name(inProcessGroups text: String) -> String? {
        // Three fields: the hierarchy's number, its controllers, the path. Version 2 of control groups has the number 0;
        // where it has none, systemd keeps a hierarchy of version 1 for itself.
        var old: Substring?
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
            let fields = line.split(separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            if fields[0].elementsEqual("0".utf8), fields[1].isEmpty, let unit = name(inPath: Substring(fields[2])) {
                return unit
            }
            if fields[1].elementsEqual("name=systemd".utf8) { old = Substring(fields[2]) }
        }
        return old.flatMap(name(inPath:))
    }

    /// The unit whose control group has this path.
    private static func name(inPath path: Substring) -> String? {
        var parts = path.split(separator: "/").map(unescaped)[...]
        guard let unit = nextUnit(&parts) else { return nil }
        let isUserManager = unit.hasPrefix("user@") && unit.hasSuffix(".service")
        return isUserManager ? nextUnit(&parts) ?? unit : unit
    }

    /// The next unit behind slices, if there is one right there.
    private static func nextUnit(_ parts: inout ArraySlice<String>) -> String? {
        parts = parts.drop { $0.hasSuffix(".slice") }
        guard let part = parts.first, isName(part) else { return nil }
        parts.removeFirst()
        return part
    }

    /// systemd puts a `_` before names that the kernel could take for its own files.
    private static func unescaped(_ part: Substring) -> String {
        String(part.first == "_" ? part.dropFirst() : part)
    }
}
