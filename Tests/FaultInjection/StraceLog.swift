import Foundation

/// A system call in a log of strace's, as it was entered.
struct TracedCall: Sendable {
    /// The thread that made it.
    let thread: String
    /// What that thread is for.
    let role: ThreadRole
    let name: String
    /// What it was made on: `db`, `journal`, `directory`, `tcp`, `unix` and so on.
    let object: String
    /// Whether it was made to fail.
    let isInjected: Bool
    /// How many calls of this name the thread had made before it: what `when=` counts, less one.
    let earlierInThread: Int
    /// How many all threads of its role had made before it.
    let earlierInRole: Int

    /// What this call and others of its kind have in common.
    var kind: String { "\(role.rawValue) \(name)(\(object))" }

    /// Calls that only wait for or wake another thread: their number is the scheduler's business and differs from run
    /// to run.
    var isWaking: Bool {
        ["futex", "epoll_wait", "epoll_pwait", "restart_syscall", "rt_sigsuspend", "sched_yield"].contains(name)
            || object == "eventfd"
    }
}

/// What a thread of the daemon is for.
enum ThreadRole: String, Sendable, CaseIterable {
    /// Serves the clients.
    case server
    /// Talks to the API.
    case upstream
    /// Starts the daemon, and then waits for its end.
    case main
    /// The rest: they run what is handed to them.
    case worker

    /// The roles of a process's threads by their ids, by the names that they were given.
    static func all(of pid: pid_t) throws -> [String: ThreadRole] {
        var roles: [String: ThreadRole] = [:]
        for thread in try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task") {
            let name = try String(contentsOfFile: "/proc/\(pid)/task/\(thread)/comm", encoding: .utf8)
            roles[thread] =
                switch name {
                case _ where thread == "\(pid)": .main
                case _ where name.hasPrefix("NIO-ELT"): .server
                case _ where name.hasPrefix("NIO-SGLTN"): .upstream
                default: .worker
                }
        }
        return roles
    }
}

/// Reads what `strace -f -ttt -yy -s 0 -o FILE` writes.
struct StraceLog: Sendable {
    let calls: [TracedCall]

    init(calls: [TracedCall]) { self.calls = calls }

    /// Reads the logs of threads with these roles, each by one strace; a thread that is not among them is a worker.
    init(_ texts: [String], roles: [String: ThreadRole]) {
        var counts: [String: Int] = [:]
        func count(_ what: String) -> Int {
            defer { counts[what, default: 0] += 1 }
            return counts[what, default: 0]
        }
        calls = texts.flatMap(StraceLog.entries).sorted { $0.time < $1.time }.map { entry in
            let role = roles[entry.thread] ?? .worker
            return TracedCall(
                thread: entry.thread,
                role: role,
                name: entry.name,
                object: entry.object,
                isInjected: entry.isInjected,
                earlierInThread: count("\(entry.thread) \(entry.name)"),
                earlierInRole: count("\(role) \(entry.name)")
            )
        }
    }

    private struct Entry {
        let time: Double
        let thread: String
        let name: String
        let object: String
        var isInjected: Bool
    }

    /// Reads lines such as "PID 1795615978.639779 name(arguments) = 0"; what "PID … <... name resumed>) = 0" says of the
    /// result goes to the call that it ends.
    private static func entries(_ text: String) -> [Entry] {
        var entries: [Entry] = []
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 2)
            guard words.count == 3, let time = Double(words[1]) else { continue }
            let isInjected = words[2].hasSuffix("(INJECTED)")
            if words[2].hasPrefix("<... ") {
                if isInjected, let index = entries.lastIndex(where: { $0.thread == words[0] }) {
                    entries[index].isInjected = true
                }
                continue
            }
            guard let parenthesis = words[2].firstIndex(of: "("),
                words[2][..<parenthesis].allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" })
            else { continue }
            entries.append(
                Entry(
                    time: time,
                    thread: String(words[0]),
                    name: String(words[2][..<parenthesis]),
                    object: object(words[2][parenthesis...]),
                    isInjected: isInjected
                )
            )
        }
        return entries
    }

    /// The call that a `when=number` for this name struck, among these threads or all: none of them came to its own
    /// earlier.
    func struck(_ name: String, _ number: Int, among threads: Set<String>?) -> Int? {
        calls.firstIndex {
            $0.name == name && $0.earlierInThread == number - 1 && threads?.contains($0.thread) ?? true
        }
    }

    private static func object(_ arguments: Substring) -> String {
        // A descriptor's file in angle brackets, or a path in quotes. What a call returns is not known when it is struck.
        let head = arguments.firstRange(of: ") = ").map { arguments[..<$0.lowerBound] } ?? arguments
        for (mark, object) in objects where head.contains(mark) { return object }
        return "-"
    }

    private static let objects = [
        ("quartiled.db-journal", "journal"), ("quartiled.db-wal", "db"), ("quartiled.db.lock", "lock"),
        ("quartiled.db", "db"), ("quartiled.sock", "unix"), ("/state/quartiled", "directory"), ("<TCP", "tcp"),
        ("<UNIX", "unix"), ("eventfd", "eventfd"), ("eventpoll", "eventpoll"), ("timerfd", "timerfd"),
        ("localtime", "clock"), ("/data/quartiled", "key"),
        ("daemon-log", "log"),
    ]
}

extension StraceLog {
    /// Whether another thread made as many calls of this name before: then no `when=` can single this one out while
    /// all threads are traced.
    func isShadowed(_ index: Int) -> Bool {
        let call = calls[index]
        return calls[..<index].contains {
            $0.name == call.name && $0.thread != call.thread && $0.earlierInThread >= call.earlierInThread
        }
    }

    /// Names the calls from `start` on, the same in every run: the kind, and the how manyth of its kind it is.
    func identities(from start: Int) -> [String] {
        var counts: [String: Int] = [:]
        return calls[min(start, calls.count)...].map { call in
            let number = counts[call.kind, default: 0] + 1
            counts[call.kind] = number
            return "\(call.kind)#\(number)"
        }
    }
}
