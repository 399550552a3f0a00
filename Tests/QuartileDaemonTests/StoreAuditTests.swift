import Glibc
import QuartileCore
import Testing

@testable import QuartileDaemon

struct StoreAuditTests {
    private let fixture: StoreFixture
    private let store: SQLiteTokenStore

    init() throws {
        fixture = try StoreFixture()
        store = try fixture.open()
        try store.commit([.put(), .put(.bob)])
    }

    private func entry(
        _ account: AccountName? = .ada,
        uid: uid_t = 1_000,
        method: String = "get_token",
        second: Int64 = 1,
        executable: String? = "/usr/bin/curl"
    ) -> AuditEntry {
        AuditEntry(
            at: UnixTime(seconds: 1_760_000_000 + second),
            count: 3,
            pid: 42,
            uid: uid,
            process: PeerProcess(executable: executable, unit: nil),
            account: account,
            method: method,
            outcome: "ok"
        )
    }

    @Test func entriesComeBackAsTheyWereTheNewestFirst() throws {
        let entries = [entry(second: 1), entry(nil, second: 3), entry(.bob, second: 2, executable: nil)]
        try store.append(audit: entries)
        #expect(try store.audit(of: nil, limit: 10) == entries.reversed(), "in the order they came, whatever the clock")
        #expect(try store.audit(of: .bob, limit: 10) == [entries[2]])
        #expect(try store.audit(of: nil, limit: 2) == [entries[2], entries[1]])
        try store.close()
        #expect(try fixture.withStore { try $0.audit(of: .ada, limit: 10) } == [entries[0]])
    }

    @Test func anAccountThatIsNotThereHasNoEntries() throws {
        try store.append(audit: [entry(nil), entry()])
        #expect(try store.audit(of: AccountName("nobody"), limit: 10) == [])
    }

    @Test func logoutLeavesNothingOfTheAccountInTheFile() throws {
        try store.append(audit: [entry(executable: "/opt/only-for-ada"), entry(.bob)])
        try store.commit([.removeAccount(.ada)])
        #expect(try store.audit(of: nil, limit: 10).map(\.account) == [.bob])
        try store.close()
        let text = String(decoding: try fixture.bytes(), as: UTF8.self)
        #expect(!text.contains("only-for-ada"))
        #expect(!text.contains(AccountName.ada.text))
        #expect(text.contains(AccountName.bob.text))
    }

    @Test func thereAreTenThousandRowsAtMost() throws {
        // Kinds and users enough that only the bound on all of them matters.
        for batch in 0..<60 {
            try store.append(
                audit: (0..<200).map {
                    entry(uid: uid_t($0 % 3), method: "m\($0 % 20)", second: Int64(batch * 200 + $0))
                }
            )
            let rows = try store.audit(of: nil, limit: 20_000)
            #expect(rows.count <= SQLiteTokenStore.auditRows)
            #expect(rows.first == entry(uid: uid_t(199 % 3), method: "m19", second: Int64(batch * 200 + 199)))
        }
        #expect(try store.audit(of: nil, limit: 20_000).count > 9_000)
    }

    @Test func whoAsksForMuchDoesNotPushOutTheOthers() throws {
        try store.append(audit: [entry(uid: 1, second: 1), entry(uid: 2, method: "status", second: 2)])
        for batch in 0..<20 {
            try store.append(audit: (0..<1_000).map { entry(uid: 2, second: Int64(batch * 1_000 + $0 + 10)) })
        }
        let rows = try store.audit(of: nil, limit: 20_000)
        #expect(rows.count { $0.uid == 2 && $0.method == "get_token" } <= SQLiteTokenStore.auditRowsOfAKind + 200)
        #expect(rows.contains(entry(uid: 2, method: "status", second: 2)), "one program's calls cost not the others'")
        for batch in 0..<20 {
            try store.append(
                audit: (0..<1_000).map { entry(uid: 2, method: "m\($0 % 50)", second: Int64(batch * 1_000 + $0)) }
            )
        }
        let more = try store.audit(of: nil, limit: 20_000)
        #expect(more.count { $0.uid == 2 } <= SQLiteTokenStore.auditRowsOfAUser + 200)
        #expect(more.contains(entry(uid: 1, second: 1)), "one user's calls cost not another's")
    }

    @Test func olderVersionsHaveTheirAccountsAndNoAudit() throws {
        let older = SQLiteSchema(migrations: Array(SQLiteSchema.current.migrations.prefix(2)))
        let fixture = try StoreFixture()
        try fixture.open(schema: older).close()
        #expect(try fixture.withStore { try $0.audit(of: nil, limit: 10) } == [])
    }
}
