import EndToEndHarness
import Foundation

extension KillDrill {
    /// Sends the request and has the daemon killed. It is gone when this returns.
    func strike(_ operation: KilledOperation, with killer: Killer) async throws -> Strike {
        var strike = Strike(operation: operation)
        switch killer {
        case .after(let delay):
            try await subject.client.send(operation.request(to: subject.sandbox, remember: remember))
            pause(delay)
            try await subject.kill()
            strike.answer = try await lastAnswer()
        case .systemCall(let name, let number, let role, let solo, let onLog):
            let roles = try ThreadRole.all(of: subject.process.pid)
            var threads = roles.filter { $0.value == role }.map(\.key).sorted()
            // What the others do is logged, so that it shows which call was struck.
            var others: [String] = []
            if let solo, threads.count > 1 {
                others = threads
                threads = [others.remove(at: solo % others.count)]
            }
            let pid = subject.process.pid
            var straces = [
                try await Strace(
                    attachedTo: pid,
                    threads: threads,
                    inject: ["\(name):signal=KILL:when=\(number)"],
                    options: onLog ? ["-P", subject.log] : []
                )
            ]
            if !others.isEmpty { straces.append(try await Strace(attachedTo: pid, threads: others)) }
            try await trace(&strike, straces, roles) { log, start in
                let index = log.struck(name, number, among: Set(threads))
                let found = try present(index, "the call that was struck: \(name) \(number)")
                return found >= start ? found - start : nil
            }
        case .whenDone:
            let roles = try ThreadRole.all(of: subject.process.pid)
            try await trace(&strike, [try await Strace(attachedTo: subject.process.pid)], roles) { _, _ in nil }
        }
        return strike
    }

    /// Has the operation done under straces that are attached, of which the first may kill.
    private func trace(
        _ strike: inout Strike,
        _ straces: [Strace],
        _ roles: [String: ThreadRole],
        _ struck: (StraceLog, _ start: Int) throws -> Int?
    ) async throws {
        let start = StraceLog(try straces.map { try $0.log }, roles: roles).calls.count
        strike.answer = try await sendToTheEnd(strike.operation)
        strike.hit = try await endsByItself(straces[0])
        if !strike.hit { try await subject.kill() }
        for strace in straces { _ = try await strace.process.waitForEnd() }
        _ = try await subject.process.waitForEnd()
        let log = StraceLog(try straces.map { try $0.log }, roles: roles)
        strike.calls = Array(log.calls.dropFirst(start))
        strike.identities = log.identities(from: start)
        if strike.hit { strike.struck = try struck(log, start).map { strike.identities[$0] } }
        for strace in straces { try strace.removeLog() }
    }

    /// Sends the request as a client of its own, that leaves when it has its answer or the daemon is gone.
    private func sendToTheEnd(_ operation: KilledOperation) async throws -> JSON? {
        do {
            try subject.connect()
            try await subject.client.send(operation.request(to: subject.sandbox, remember: remember))
            return try await lastAnswer()
        } catch is SystemError {
            // It was gone before it could even be asked.
            return nil
        }
    }

    private func lastAnswer() async throws -> JSON? {
        defer { subject.client.socket.endSending() }
        do {
            return try await subject.client.socket.line(within: .seconds(20)).map { try JSON($0) }
        } catch is SystemError {
            return nil
        }
    }

    /// Whether strace's victim ends within the time that what comes after the answer takes.
    private func endsByItself(_ strace: Strace) async throws -> Bool {
        do {
            _ = try await strace.process.waitForEnd(within: .milliseconds(30))
            return true
        } catch is TimedOut {
            return false
        }
    }
}
