import QuartileCore
import QuartileWire
import Testing

@testable import QuartileDaemon

@Suite struct AccessPolicyTests {
    private let work = AccountName.bob
    private let home = AccountName.ada
    private let policy: AccessPolicy

    init() {
        var settings = AccessSettings()
        settings.users = [1_001, 1_002, PeerCredentials.overflowUID]
        settings.accounts[work] = Self.allowance([1_001, 1_003])
        settings.accounts[home] = Self.allowance([1_001], from: ["backup.service"])
        policy = AccessPolicy(owner: 1_000, settings: settings)
    }

    private func caller(_ uid: UInt32, unit: String? = nil) throws -> Caller {
        Caller(
            peer: PeerCredentials(pid: 1, uid: uid, gid: uid),
            role: try #require(policy.role(of: uid)),
            process: PeerProcess(unit: unit)
        )
    }

    @Test func rolesAreOwnerListedAndStranger() {
        #expect(policy.role(of: 1_000) == .owner)
        #expect(policy.role(of: 0) == .owner)
        #expect(policy.role(of: 1_001) == .listed)
        #expect(policy.role(of: 1_002) == .listed)
        #expect(policy.role(of: 1_003) == nil, "an account's allow lets nobody in")
        #expect(policy.role(of: 1_004) == nil)
    }

    @Test func theOverflowUserIsAStrangerWhoeverOwnsTheDaemon() {
        #expect(policy.role(of: 65_534) == nil)
        #expect(AccessPolicy(owner: 65_534).role(of: 65_534) == nil)
    }

    @Test func withoutSettingsThereAreOwnerAndRootOnly() {
        let policy = AccessPolicy(owner: 1_000)
        #expect(policy.role(of: 1_000) == .owner)
        #expect(policy.role(of: 0) == .owner)
        #expect(policy.role(of: 1_001) == nil)
        #expect(AccessPolicy(owner: 0).role(of: 1_000) == nil)
    }

    @Test func theOwnerMayHaveEverythingFromAnywhere() throws {
        for uid: UInt32 in [0, 1_000] {
            let caller = try caller(uid)
            #expect(policy.allows(work, to: caller))
            #expect(policy.allows(home, to: caller))
            #expect(policy.allows(try #require(AccountName("other")), to: caller))
            #expect(policy.accounts(for: caller) == nil)
            for method in Method.allCases { #expect(policy.allows(method, to: caller)) }
        }
    }

    @Test func aListedUserMayHaveWhatAllowsIt() throws {
        let allowed = try caller(1_001)
        #expect(policy.allows(work, to: allowed))
        #expect(!policy.allows(try #require(AccountName("other")), to: allowed))
        #expect(policy.accounts(for: allowed) == [work])
        #expect(policy.accounts(for: try caller(1_002)) == [])
    }

    @Test func unitsNarrowDownFromWhereAUserMayHaveAnAccount() throws {
        for unit in [nil, "", "other.service", "backup.service.service"] {
            #expect(!policy.allows(home, to: try caller(1_001, unit: unit)))
        }
        let allowed = try caller(1_001, unit: "backup.service")
        #expect(policy.allows(home, to: allowed))
        #expect(policy.accounts(for: allowed) == [home, work])
        #expect(!policy.allows(home, to: try caller(1_002, unit: "backup.service")), "and admit nobody else")
    }

    @Test func aListedUserMayCallWhatProgramsNeed() throws {
        let caller = try caller(1_001)
        let allowed = Method.allCases.filter { policy.allows($0, to: caller) }.map(\.rawValue)
        #expect(
            Set(allowed) == ["hello", "get_token", "list_accounts", "status", "validate", "reject_token"],
            "the methods that the protocol marks for other users"
        )
    }

    private static func allowance(_ users: Set<UInt32>, from units: Set<String> = []) -> AccessSettings.Allowance {
        var allowance = AccessSettings.Allowance()
        allowance.users = users
        allowance.units = units
        return allowance
    }
}
