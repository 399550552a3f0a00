import Glibc
import QuartileCore
import QuartileWire
import Testing

@testable import QuartileDaemon

@Suite struct AuditBufferTests {
    private let work = AccountName.ada
    private var buffer = AuditBuffer()

    private func caller(pid: pid_t = 1, uid: uid_t = 1_000, executable: String? = "/bin/a") -> Caller {
        Caller(
            peer: PeerCredentials(pid: pid, uid: uid, gid: 0),
            role: .owner,
            process: PeerProcess(executable: executable, unit: "a.service")
        )
    }

    private func time(_ seconds: Int64) -> UnixTime { UnixTime(milliseconds: seconds * 1_000) }

    @Test mutating func aCallIsAnEntryWithAllThatIsKnown() {
        buffer.record(.getToken, of: work, error: .timeout, by: caller(pid: 7), at: time(5))
        let entry = AuditEntry(
            at: time(5),
            count: 1,
            pid: 7,
            uid: 1_000,
            process: PeerProcess(executable: "/bin/a", unit: "a.service"),
            account: work,
            method: "get_token",
            outcome: "timeout"
        )
        #expect(buffer.all == [entry])
    }

    @Test mutating func repeatsAreOneEntryWithTheirNumberAndTheLastTime() {
        for second in 1...1_000 {
            buffer.record(.getToken, of: work, error: nil, by: caller(), at: time(Int64(second)))
        }
        #expect(buffer.all.map(\.count) == [1_000])
        #expect(buffer.all.map(\.at) == [time(1_000)])
        #expect(buffer.all.map(\.outcome) == ["ok"])
    }

    @Test mutating func whatDiffersInAnythingIsAnEntryOfItsOwn() {
        buffer.record(.getToken, of: work, error: nil, by: caller(), at: time(1))
        buffer.record(.validate, of: work, error: nil, by: caller(), at: time(2))
        buffer.record(.getToken, of: nil, error: nil, by: caller(), at: time(3))
        buffer.record(.getToken, of: work, error: .timeout, by: caller(), at: time(4))
        buffer.record(.getToken, of: work, error: nil, by: caller(pid: 2), at: time(5))
        buffer.record(.getToken, of: work, error: nil, by: caller(uid: 1), at: time(6))
        #expect(buffer.all.map(\.at) == (1...6).map(time), "the oldest first")
        #expect(buffer.all.allSatisfy { $0.count == 1 })
    }

    @Test mutating func aLoopOfProcessesIsTheFirstOfThemAndACount() {
        for pid: pid_t in 1...5_000 {
            buffer.record(.getToken, of: work, error: nil, by: caller(pid: pid), at: time(Int64(pid)))
        }
        buffer.record(.getToken, of: work, error: nil, by: caller(pid: 9, uid: 1), at: time(6_000))
        let entries = buffer.all
        #expect(entries.count == 16 + 1 + 1)
        #expect(entries.prefix(16).map(\.pid) == Array(1...16))
        #expect(entries[16].count == 5_000 - 16)
        #expect(entries[16].pid == 5_000)
        #expect(entries[17].uid == 1, "another user is not affected")
    }

    @Test mutating func aWalkThroughAccountsIsBounded() throws {
        for number in 1...10_000 {
            let name = try #require(AccountName("account-\(number)"))
            buffer.record(.getToken, of: name, error: nil, by: caller(), at: time(Int64(number)))
        }
        let entries = buffer.all
        #expect(entries.count == AuditBuffer.entriesOfAUser + 1)
        #expect(entries.reduce(0) { $0 + $1.count } == 10_000)
        #expect(entries.last?.account == nil)
        #expect(entries.map(\.at) == entries.map(\.at).sorted())
    }

    @Test mutating func oneUsersFloodChangesNothingOfAnothersEntries() throws {
        for number in 1...3_000 {
            let name = try #require(AccountName("account-\(number)"))
            buffer.record(.getToken, of: name, error: nil, by: caller(), at: time(Int64(number)))
        }
        for pid: pid_t in 1...3 {
            buffer.record(.getToken, of: work, error: nil, by: caller(pid: pid, uid: 1), at: time(20_000))
        }
        let others = buffer.all.filter { $0.uid == 1 }
        #expect(others.map(\.account) == [work, work, work])
        #expect(others.map(\.pid) == [1, 2, 3])
    }

    @Test mutating func aForgottenAccountMakesRoom() throws {
        for number in 1...AuditBuffer.entriesOfAUser {
            let name = number % 2 == 0 ? work : try #require(AccountName("account-\(number)"))
            buffer.record(.getToken, of: name, error: nil, by: caller(pid: pid_t(number % 20)), at: time(1))
        }
        buffer.forget(work)
        let name = try #require(AccountName("another"))
        for pid: pid_t in 1...2 { buffer.record(.status, of: name, error: nil, by: caller(pid: pid), at: time(2)) }
        #expect(buffer.all.suffix(2).map(\.account) == [name, name])
    }

    @Test func whatCannotBeWrittenIsKeptForEachUserTheNewest() {
        func entry(_ uid: uid_t, _ second: Int64) -> AuditEntry {
            AuditEntry(
                at: time(second),
                count: 1,
                pid: 1,
                uid: uid,
                process: PeerProcess(executable: nil, unit: nil),
                account: nil,
                method: "status",
                outcome: "ok"
            )
        }
        let entries = [entry(2, 0)] + (1...5_000).map { entry(1, $0) } + [entry(3, 6_000)]
        let kept = AuditBuffer.newest(of: entries)
        #expect(kept.count == AuditBuffer.entriesOfAUser + 2)
        #expect(kept.first == entries.first)
        #expect(kept.dropFirst() == entries.suffix(AuditBuffer.entriesOfAUser + 1))
    }

    @Test mutating func nothingOfAForgottenAccountIsLeft() {
        for pid: pid_t in 1...40 {
            buffer.record(.getToken, of: work, error: nil, by: caller(pid: pid), at: time(1))
        }
        buffer.record(.status, of: nil, error: nil, by: caller(), at: time(2))
        buffer.forget(work)
        #expect(buffer.all.map(\.method) == ["status"])
        // And nothing of its count.
        buffer.record(.getToken, of: work, error: nil, by: caller(pid: 99), at: time(3))
        #expect(buffer.all.map(\.pid) == [1, 99])
    }

    @Test mutating func theOrderIsThatOfTheCallsWhateverTheClock() {
        let pids: [pid_t] = [5, 3, 4, 1, 2]
        for (index, pid) in pids.enumerated() {
            buffer.record(.getToken, of: work, error: nil, by: caller(pid: pid), at: time(index == 4 ? 1 : 9))
        }
        buffer.record(.getToken, of: work, error: nil, by: caller(pid: 3), at: time(9))
        #expect(buffer.all.map(\.pid) == [5, 4, 1, 2, 3])
    }
}
